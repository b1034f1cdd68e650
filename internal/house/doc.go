/*
Package house holds the rules of this repository as tests, so that they are
kept without being remembered. It has no code of its own.

	layers        what may import what: the table in layers_test.go
	calls         library code does not panic, log, print, sleep, exit, open files
	variables     no package variable that changes
	docs          every exported name says what it is
	names         no package named util
	length        no Go file over 600 lines
	examples      every constructor has an Example that runs
	channels      no channel in an exported signature
	words         no unfinished work, no path of one machine
	readme        what README.md and its like say is there, and their code is tested
	TestAPI       the exported names, in testdata/api.txt
	TestModules   the modules that package rag links, in testdata/modules.txt
	TestPrograms  the programs in testdata/programs print what README.md shows

Library code is everything but examples, tests and kits, the packages whose
name ends in "test". A message says what is wrong and what to write instead.

Each rule is first held against testdata/rules/NAME, a small tree that breaks
it, and must report exactly what testdata/rules/NAME.txt lists. To add a rule, write a
function from a tree to breaches, list it in rules_test.go, and write the tree
that breaks it. Exceptions are listed beside the rule and only ever removed:
one that is not needed any more is itself a breach.

"make golden" rewrites testdata/api.txt and the lists beside the broken trees,
and takes from testdata/modules.txt what is linked no more.
*/
package house
