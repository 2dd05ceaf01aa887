import Agent
import Causality
import Import
import ServiceDesk
import TestSupport

/// What agents' stores held at the end of their offline work, to be compared with what another replica reconstructs of it.
struct HeldStates {
  private struct Sample {
    let editor: String
    /// The time of the editor's last edit, milliseconds since 1970.
    let at: UInt64
    let digest: String
  }

  /// The ends of shifts that are looked at, counted over all shifts and their editors.
  private var chosen: Set<Int> = []
  private var next = 0
  private var samples: [Sample] = []

  /// Chooses ends of shifts, always the same ones for the same log.
  init(_ log: EventLog, samples count: Int) {
    let sessions = log.shifts.reduce(0) { $0 + $1.edits.count }
    var generator = SeededGenerator(seed: 0x0A5C_0CE)
    while chosen.count < min(count, sessions) {
      chosen.insert(Int.random(in: 0..<sessions, using: &generator))
    }
  }

  /// Notes what a store holds after an editor's work, before it syncs; called once for each end of a shift.
  mutating func note(_ store: Store, _ editor: String, _ edits: [ImportedEdit]) throws {
    defer { next += 1 }
    guard chosen.contains(next), let at = edits.compactMap(\.at).max() else { return }
    samples.append(Sample(editor: editor, at: at.milliseconds, digest: try store.digest()))
  }

  /// Compares all samples with what a replica says that the agents' devices knew.
  func check(by store: Store) throws -> String {
    let desk = Desk(store)
    let devices = try desk.knowledge(of: samples.map { ($0.editor, $0.at) })
    let cuts = devices.compactMap { $0?.least }
    guard cuts.count == samples.count else {
      throw Options.Usage(
        description: "of \(samples.count - cuts.count) samples nothing tells what the agent knew")
    }
    let digests = try desk.digests(at: cuts)
    for (sample, digest) in zip(samples, digests) where sample.digest != digest {
      throw Options.Usage(
        description:
          "at \(HybridTime(milliseconds: sample.at)) the store of \(sample.editor) held \(sample.digest), "
          + "another replica says \(digest)")
    }
    return
      "as known by: \(samples.count) states of agents' stores, reconstructed from another replica, are equal"
  }
}
