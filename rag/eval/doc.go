// Package eval measures retrieval on questions whose relevant documents are
// known.
//
// A [Set] holds documents, questions and judgments; [ReadBEIR] reads one from
// a folder. [Evaluate] asks a retriever every judged question and scores the
// rankings by [Metric]s that are defined as trec_eval defines them; [Score]
// does the same for a [Run] made elsewhere.
package eval
