package moderation

import "unicode"

// Transition is one arrow of a question's life: the command that asks for it, the
// states it may start from and the one it ends in.
type Transition struct {
	// Command is the command's name on the wire; "" for what happens by itself.
	Command string
	From    []State // empty: the question does not exist yet
	To      State   // "" when the question stays where it is
	// Event is the type of the event that records it; "" when it is part of another's.
	Event string
	// NotYet is the code of the refusal when the question has not come as far as From.
	NotYet string
}

// Transitions returns THE table of a question's life. Decide follows it and
// docs/questions.md draws it; a test holds the two together. A command with several rows
// starts from all their states.
func Transitions() []Transition {
	const notClaimed, notPromised = "question.not_claimed", "question.not_promised"
	over := []State{StatePartAnswered, StateAnswered, StateWritten, StateCarriedOver}
	open := []State{
		StateHeld, StatePending, StateClaimed, StateReturned, StateApproved, StateQueued, StateStaged, StateRecalled, StateWritten,
	}
	return []Transition{
		{"question.submit", nil, StateSubmitted, EventSubmitted, ""},
		{"", []State{StateSubmitted}, StatePending, "", ""},
		{"", []State{StateSubmitted}, StateHeld, "", ""},

		{"question.claim", []State{StatePending, StateHeld, StateClaimed}, StateClaimed, EventClaimed, "question.not_pending"},
		{"question.release", []State{StateClaimed}, StatePending, EventReleased, notClaimed},
		{"question.release", []State{StateClaimed}, StateHeld, EventReleased, notClaimed},
		{"question.approve", []State{StateClaimed}, StateApproved, EventApproved, notClaimed},
		{"question.return", []State{StateClaimed}, StateReturned, EventReturned, notClaimed},
		{"question.amend", []State{StateReturned}, StatePending, EventAmended, "question.not_returned"},
		{"question.refuse", []State{StateClaimed}, StateRefused, EventRefused, notClaimed},
		{"question.refuse", []State{StateClaimed}, StateHeld, EventDoubted, notClaimed},
		{"question.redirect", []State{StateClaimed}, StateRedirected, EventRedirected, notClaimed},
		{"question.write", []State{StateClaimed}, StateWritten, EventWritten, notClaimed},
		{"question.merge", []State{StateClaimed, StateApproved, StateQueued}, StateMerged, EventMerged, notClaimed},
		{
			"question.undo",
			[]State{StateReturned, StateApproved, StateWritten, StateRefused, StateRedirected, StateMerged},
			StatePending, EventUndone, "question.not_decided",
		},
		{"question.edit", []State{StateClaimed, StateApproved, StateQueued, StateStaged}, "", EventEdited, notClaimed},

		{"question.queue", []State{StateApproved, StateQueued, StateStaged, StateRecalled}, StateQueued, EventQueued, "question.not_approved"},
		{"question.unqueue", []State{StateQueued, StateStaged}, StateApproved, EventUnqueued, "question.not_queued"},
		{"question.stage", []State{StateQueued}, StateStaged, EventStaged, "question.not_queued"},
		{"question.air", []State{StateQueued, StateStaged}, StateOnAir, EventAired, "question.not_queued"},
		{"question.answer", []State{StateOnAir}, StateAnswered, EventAnswered, "question.not_on_air"},
		{"question.answer", []State{StateOnAir}, StatePartAnswered, EventPartAnswered, "question.not_on_air"},
		{"question.recall", []State{StateOnAir}, StateRecalled, EventRecalled, "question.not_on_air"},

		{"question.withdraw", open, StateWithdrawn, EventWithdrawn, ""},
		{"", []State{StateMerged}, StatePending, EventUndone, ""}, // the question that stood for it was withdrawn
		{
			"question.carryOver",
			[]State{StateApproved, StateQueued, StateStaged, StateOnAir, StateRecalled},
			StateCarriedOver, EventCarriedOver, "question.not_approved",
		},

		{"promise.assign", over, "", EventPromiseAssigned, notPromised},
		{"promise.note", over, "", EventPromiseNoted, notPromised},
		{"promise.keep", over, "", EventPromiseKept, notPromised},
	}
}

// table is Transitions, made once: it is looked into for every command and event.
var table = Transitions() //nolint:gochecknoglobals // never changed

// States returns the states in the order of life.
func States() []State {
	return []State{
		StateSubmitted, StateHeld, StatePending, StateClaimed, StateReturned, StateApproved, StateQueued, StateStaged,
		StateOnAir, StateRecalled, StatePartAnswered, StateAnswered, StateWritten, StateRefused, StateRedirected,
		StateMerged, StateWithdrawn, StateCarriedOver,
	}
}

// rank is how far along its life a question is.
func rank(state State) int {
	for i, s := range States() {
		if s == state {
			return i
		}
	}
	return -1
}

// alreadyCode is the code of the refusal when the question has come further than the
// command's start: question.already_approved or question.already_on_air.
func alreadyCode(state State) string {
	code := []rune("question.already_")
	for _, r := range string(state) {
		if unicode.IsUpper(r) {
			code = append(code, '_')
		}
		code = append(code, unicode.ToLower(r))
	}
	return string(code)
}
