import Simulator

/// Runs simulations: `simulate FIRST COUNT`, or one with its trace: `simulate SEED`.
let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
if arguments.count == 1 {
  let simulation = Simulation.run(seed: arguments[0], isTracing: true)
  simulation?.trace.forEach { print($0) }
  print(simulation?.failures ?? [])
} else {
  var counts: [String: Int] = [:]
  for seed in arguments[0]..<arguments[0] + arguments[1] {
    if arguments.count > 2 { print(seed) }
    let simulation = Simulation.run(seed: seed)
    simulation?.counts.forEach { counts[$0, default: 0] += $1 }
    for failure in simulation?.failures ?? ["no start"] { print("seed \(seed): \(failure.prefix(300))") }
  }
  for (what, count) in counts.sorted(by: { $0.key < $1.key }) { print("\(what): \(count)") }
}
