// Package archtest holds the map of the house: which package may import which, and
// which technology lives where. A new package or arrow is drawn here in the same commit.
package archtest
