module requorum/tools/pause

go 1.24.0
