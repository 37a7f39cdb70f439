import Daemon
import Platform

CurrentProcess.exit(CommandLineTool.run(Array(CommandLine.arguments.dropFirst())).rawValue)
