import Dispatch
import Foundation
import Simulator
import Synchronization

/// `simulate SEED` runs one seed and prints what happened. `simulate FIRST COUNT` runs many on all cores and prints
/// those that failed, what was met how often, and a fingerprint: the same numbers in every process.
let arguments = CommandLine.arguments.dropFirst().map { UInt64($0) }

switch (arguments.count, arguments.first ?? nil, arguments.last ?? nil) {
case (1, let seed?, _):
  let simulation = try Simulation.run(seed: seed, isTracing: true)
  for line in simulation.trace { print(line) }
  if !simulation.failures.isEmpty { exit(1) }
case (2, let first?, let count?):
  let results = Mutex<Results>(Results())
  DispatchQueue.concurrentPerform(iterations: Int(count)) { index in
    let seed = first + UInt64(index)
    do {
      let simulation = try Simulation.run(seed: seed)
      results.withLock { $0.take(simulation) }
    } catch {
      results.withLock { $0.failures[seed] = ["cannot start: \(error)"] }
    }
  }
  results.withLock { $0.report(seeds: count) }
default:
  FileHandle.standardError.write(Data("usage: simulate SEED | simulate FIRST COUNT\n".utf8))
  exit(64)
}

/// What many seeds came to.
struct Results {
  var failures: [UInt64: [String]] = [:]
  private var counts: [String: Int] = [:]
  private var fingerprint: UInt64 = 0

  mutating func take(_ simulation: Simulation) {
    if !simulation.failures.isEmpty { failures[simulation.seed] = simulation.failures }
    counts.merge(simulation.counts) { $0 + $1 }
    fingerprint &+= simulation.fingerprint
  }

  func report(seeds: UInt64) {
    for (what, count) in counts.sorted(by: { $0.key < $1.key }) { print("\(what): \(count)") }
    for (seed, reasons) in failures.sorted(by: { $0.key < $1.key }) {
      for reason in reasons { print("seed \(seed): \(reason.prefix(400))") }
      print("  replay with: swift run -c release simulate \(seed)")
    }
    print("\(seeds) seeds, \(failures.count) failed, fingerprint \(String(fingerprint, radix: 16))")
    if !failures.isEmpty { exit(1) }
  }
}
