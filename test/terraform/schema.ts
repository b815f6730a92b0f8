/** What the provider `hashicorp/google` knows of its resources: names and types, as its own schema has them. */
export interface Schema {
  /** Of the provider. */
  readonly version: string;
  readonly resources: Readonly<Record<string, Block>>;
  readonly data: Readonly<Record<string, Block>>;
}

export interface Block {
  readonly attributes: Record<string, Attribute>;
  readonly blocks: Record<string, NestedBlock>;
}

type Simple = 'string' | 'number' | 'bool';

export interface Attribute {
  /** As Terraform writes types in JSON. */
  readonly type: Simple | readonly ['list' | 'set' | 'map', Simple];
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
  /** The only ones that are allowed. */
  readonly values?: readonly string[];
}

export interface NestedBlock {
  readonly nesting: 'list' | 'set' | 'single';
  readonly min?: number;
  readonly max?: number;
  readonly block: Block;
}
