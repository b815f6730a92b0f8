/** By name: a bundle leaves out the rest of this file of curves, half of it. Only ever imported dynamically. */
export { ed25519ph } from '@noble/curves/ed25519.js';
