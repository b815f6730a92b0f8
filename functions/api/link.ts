/** The value of the header `Link` that leads to the next page. */
export function linkTo(url: string, next: string): string {
  const { pathname, searchParams } = new URL(url);
  searchParams.set('cursor', next);
  return `<${pathname}?${searchParams.toString()}>; rel="next"`;
}
