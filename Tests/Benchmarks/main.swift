import Platform

CurrentProcess.exit(BenchmarkTool.run(Array(CommandLine.arguments.dropFirst())))
