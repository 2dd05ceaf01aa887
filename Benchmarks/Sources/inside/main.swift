import Foundation

// Measures what happens inside of one process; `../bench` calls it. Prints one JSON object.
let arguments = Array(CommandLine.arguments.dropFirst())
do {
  switch arguments.first {
  case "integrate" where arguments.count == 5: try Integrate(arguments).run()
  case "edit" where arguments.count == 4: try EditLoop(arguments).run()
  default:
    Swift.print(
      """
      usage: inside integrate STORE REPLIES SCRATCH ROUNDS
             inside edit STORE COUNT ROUNDS
      """)
    exit(2)
  }
} catch {
  FileHandle.standardError.write(Data("inside: \(error)\n".utf8))
  exit(1)
}

/// Seconds since some moment.
func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

func print(_ values: [String: Any]) throws {
  let data = try JSONSerialization.data(withJSONObject: values, options: [.sortedKeys])
  Swift.print(String(decoding: data, as: UTF8.self))
}

/// A hash of a benchmark's result, which must not change from run to run.
struct Hash {
  private var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ text: String) {
    for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  var text: String { String(format: "%016llx", value) }
}
