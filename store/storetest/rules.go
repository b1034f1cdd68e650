package storetest

// groups are all rules, in the order in which they run: those first whose
// break explains the break of others.
var groups = []group{
	{"info", infoRules},
	{"write", writeRules},
	{"refuse", refuseRules},
	{"read", readRules},
	{"search", searchRules},
	{"vector", vectorRules},
	{"text", textRules},
	{"filter", filterRules},
	{"ownership", ownershipRules},
	{"context", contextRules},
	{"sequence", sequenceRules},
	{"namespace", namespaceRules},
	{"strings", stringRules},
	{"atomic", atomicRules},
	{"snapshot", snapshotRules},
	{"history", historyRules},
	{"durable", durableRules},
	{"close", closeRules},
}
