package ledger

import "comity.example/protocol"

// Origin is the name of a participant's ledger in its checkpoints (C2SP
// tlog-checkpoint, "origin").
func Origin(id protocol.ParticipantID) string { return string(id) + "/comity" }
