package text

// functionWord reports whether the folded word w is an English word of a closed class (pronouns, articles,
// auxiliaries, prepositions, conjunctions, question words) or a contraction of such words.
func functionWord(w []byte) bool {
	switch string(w) {
	case "i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "ourselves",
		"you", "your", "yours", "yourself", "yourselves", "he", "him", "his", "himself",
		"she", "her", "hers", "herself", "it", "its", "itself",
		"they", "them", "their", "theirs", "themselves",
		"what", "which", "who", "whom", "whose", "this", "that", "these", "those",
		"am", "is", "are", "was", "were", "be", "been", "being",
		"have", "has", "had", "having", "do", "does", "did", "doing", "done",
		"will", "would", "shall", "should", "can", "could", "may", "might", "must", "ought",
		"a", "an", "the", "and", "but", "if", "or", "because", "as", "until", "while",
		"of", "at", "by", "for", "with", "about", "against", "between", "into", "through",
		"during", "before", "after", "above", "below", "to", "from", "up", "down", "in", "out", "on", "off",
		"over", "under", "again", "further", "then", "once", "here", "there", "when", "where", "why", "how",
		"all", "any", "both", "each", "few", "more", "most", "other", "some", "such",
		"no", "nor", "not", "only", "own", "same", "so", "than", "too", "very",
		"also", "upon", "whether", "however", "thus":
		return true
	case "dont", "doesnt", "didnt", "isnt", "arent", "wasnt", "werent", "wont", "wouldnt", "shouldnt",
		"cant", "cannot", "couldnt", "hasnt", "havent", "hadnt", "mustnt",
		"ive", "weve", "youve", "theyve", "youre", "theyre", "youll", "theyll", "theyd", "youd":
		return true
	}
	return false
}

// acronym reports whether the function word w, written in capitals, is more likely a name: US, WHO, IT.
func acronym(w []byte) bool {
	switch string(w) {
	case "us", "who", "it":
		return true
	}
	return false
}
