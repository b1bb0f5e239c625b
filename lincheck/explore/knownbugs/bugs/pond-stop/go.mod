// report: https://github.com/alitto/pond/issues/43
module knownbug

go 1.21

require github.com/alitto/pond v1.8.3
