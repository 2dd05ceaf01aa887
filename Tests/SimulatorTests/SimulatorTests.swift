import Foundation
import Simulator
import Testing

/// Agents and a server through every fault, from one seed each.
///
/// `ASKONCE_SIM_SEEDS=500 swift test --filter SimulatorTests` runs more seeds; `.ci/simulate` runs thousands.
@Suite struct SimulatorTests {
  static let environment = ProcessInfo.processInfo.environment

  static var seeds: [UInt64] {
    if let seed = environment["ASKONCE_SIM_SEED"].flatMap({ UInt64($0) }) { return [seed] }
    return Array(0..<(environment["ASKONCE_SIM_SEEDS"].flatMap { UInt64($0) } ?? 60))
  }

  @Test(arguments: seeds) func everySeedComesToRestWithAllEditsEverywhere(seed: UInt64) throws {
    let simulation = try Simulation.run(seed: seed, isTracing: Self.seeds.count == 1)
    if Self.seeds.count == 1 { for line in simulation.trace { print(line) } }
    #expect(
      simulation.failures.isEmpty,
      """
      \(simulation.failures.joined(separator: "\n"))
      replay with: ASKONCE_SIM_SEED=\(seed) swift test --filter SimulatorTests
      """)
  }

  @Test(arguments: [3, 31, 44] as [UInt64]) func theSameSeedIsTheSameRun(seed: UInt64) throws {
    let first = try Simulation.run(seed: seed, isTracing: true)
    let second = try Simulation.run(seed: seed, isTracing: true)
    #expect(first.trace == second.trace)
    #expect(first.fingerprint == second.fingerprint)
    #expect(try Simulation.run(seed: seed + 1).fingerprint != first.fingerprint)
  }

  /// A check that cannot fail is none: an edit that no store holds, and one that stands twice, are seen.
  @Test func theChecksSeeWhatIsWrong() throws {
    let lost = try Simulation(seed: 7)
    lost.run { $0.pretendDone("e-none") }
    #expect(lost.failures.contains { $0.contains("lost before the calm: e-none") })
    let refused = try Simulation(seed: 7)
    refused.run { $0.pretendRefused() }
    #expect(refused.failures.contains { $0.contains("was refused and is there") })
  }
}
