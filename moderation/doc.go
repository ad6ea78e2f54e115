// Package moderation holds the rules of questions: submission, screening by
// moderators, the running order and the question on air. It is pure: a decision is a
// function of (state, command, now), a state of (state, event).
//
// The life of a question is ONE table (transitions), drawn in docs/questions.md:
//
//	submitted → pending ⇄ claimed → approved | refused
//	approved → queued → staged → onAir → answered        any open → withdrawn
//
// It does not speak HTTP, does not read a clock, and does not know who may do what
// (that is internal/access).
package moderation
