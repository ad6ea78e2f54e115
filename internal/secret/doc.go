// Package secret keeps the installation's key and derives every other key from it
// (HKDF-SHA-256 with a label per purpose): link signatures, sealed fields, question ids,
// tracking codes. The key is in one file, mode 0600, made at the first start.
package secret
