import CLI
import Testing

@Suite struct ArgumentTests {}
