// report: https://github.com/scrapli/scrapligo/pull/221
// repaired: v1.4.0
module knownbug

go 1.21

require github.com/scrapli/scrapligo v1.3.3
