import Storage
import TestSupport

/// What one seed sets up: how many agents, how long, and which things go wrong how often.
///
/// Each seed allows some of the faults only, so that every fault is met alone and in many combinations (A. Groce et
/// al., *Swarm Testing*, 2012).
package struct Plan: Sendable {
  package enum Fault: String, CaseIterable, Sendable {
    /// Requests and answers get lost.
    case loss
    /// Requests arrive after later ones, when nobody waits for the answer any more.
    case delay
    /// Requests arrive twice.
    case duplication
    /// Answers are cut off in the middle.
    case cuts
    /// Agents are offline for a while.
    case partitions
    /// An agent's process or machine goes at any write or wait.
    case agentCrashes
    /// The server's does.
    case serverCrashes
    /// Disks are full for a while.
    case fullDisks
    /// Disks fail a call after doing a part of it.
    case inputOutputErrors
    /// A bit of an agent's file flips.
    case agentRot
    /// A bit of the server's log or runs flips.
    case serverRot
    /// Clocks are wrong and jump both ways.
    case clockJumps
    /// The server goes back to an older backup.
    case serverRestores
    /// A store is copied, and both copies are used.
    case copies
    /// A store goes back to an older copy of itself.
    case agentRestores
    /// A device is revoked.
    case revocations
  }

  package let agents: Int
  package let steps: Int
  package let faults: Set<Fault>
  /// A message goes wrong once in so many times.
  package let messageOdds: Int
  /// A machine goes wrong once in so many steps.
  package let machineOdds: Int
  package let sizes: Sizes
  /// Whether the agents use the desk's commands beside plain edits.
  package let hasDesks: Bool

  package init(_ generator: inout SeededGenerator) {
    agents = generator.int(2...5)
    steps = generator.int(30...120)
    var faults: Set<Fault> = []
    let isCalm = generator.oneIn(20)
    for fault in Fault.allCases where !isCalm && generator.oneIn(3) { faults.insert(fault) }
    self.faults = faults
    messageOdds = generator.pick([4, 10, 30])
    machineOdds = generator.pick([6, 15, 40])
    var sizes = Sizes()
    if !generator.oneIn(4) {
      sizes.ownFile = generator.int(200...4000)
      sizes.ownStep = generator.int(1...1500)
      sizes.agentRun = generator.int(1...40)
      sizes.serverRun = UInt64(generator.int(1...60))
      sizes.segment = generator.int(300...8000)
      sizes.segmentMembers = generator.int(2...20)
      sizes.joinAbove = generator.int(1...6)
      sizes.joined = generator.int(200...4000)
      sizes.push = generator.int(1...3000)
      sizes.pull = generator.int(1...3000)
      sizes.runPiece = generator.int(50...2000)
    }
    self.sizes = sizes
    hasDesks = generator.oneIn(3)
  }

  package func has(_ fault: Fault) -> Bool { faults.contains(fault) }
}
