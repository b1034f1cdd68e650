package local

import _ "github.com/quarry-go/quarry/rag"
