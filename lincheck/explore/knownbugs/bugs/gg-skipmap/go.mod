// report: https://github.com/bytedance/gg/issues/36
module knownbug

go 1.21

require github.com/bytedance/gg v1.1.0
