package moderation

// Transition is one arrow of a question's life: the command that asks for it, the
// states it may start from and the one it ends in.
type Transition struct {
	// Command is the command's name on the wire; "" for what happens by itself.
	Command string
	From    []State // empty: the question does not exist yet
	To      State
	// Event is the type of the event that records it; "" when it is part of another's.
	Event string
	// NotYet is the code of the refusal when the question has not come as far as From.
	NotYet string
}

// Transitions returns THE table of a question's life. Decide follows it and
// docs/questions.md draws it; a test holds the two together.
func Transitions() []Transition {
	open := []State{StatePending, StateClaimed, StateApproved, StateQueued, StateStaged}
	return []Transition{
		{"question.submit", nil, StateSubmitted, EventSubmitted, ""},
		// Nothing screens a submission before the moderators do, so it waits for them at once.
		{"", []State{StateSubmitted}, StatePending, "", ""},
		{"question.claim", []State{StatePending}, StateClaimed, EventClaimed, "question.not_pending"},
		{"question.release", []State{StateClaimed}, StatePending, EventReleased, "question.not_claimed"},
		{"question.approve", []State{StateClaimed}, StateApproved, EventApproved, "question.not_claimed"},
		{"question.refuse", []State{StateClaimed}, StateRefused, EventRefused, "question.not_claimed"},
		{"question.queue", []State{StateApproved, StateQueued, StateStaged}, StateQueued, EventQueued, "question.not_approved"},
		{"question.unqueue", []State{StateQueued, StateStaged}, StateApproved, EventUnqueued, "question.not_queued"},
		{"question.stage", []State{StateQueued}, StateStaged, EventStaged, "question.not_queued"},
		{"question.air", []State{StateQueued, StateStaged}, StateOnAir, EventAired, "question.not_queued"},
		{"question.answer", []State{StateOnAir}, StateAnswered, EventAnswered, "question.not_on_air"},
		{"question.withdraw", open, StateWithdrawn, EventWithdrawn, ""},
	}
}

// States returns the states in the order of life; a question that is refused or
// withdrawn has come to its end.
func States() []State {
	return []State{
		StateSubmitted, StatePending, StateClaimed, StateApproved, StateQueued,
		StateStaged, StateOnAir, StateAnswered, StateRefused, StateWithdrawn,
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
	if state == StateOnAir {
		return "question.already_on_air"
	}
	return "question.already_" + string(state)
}
