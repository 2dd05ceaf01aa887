import Agent
import Codec
import Storage

/// Checks the store, and puts right what it can.
enum VerifyCommand {
  private static let check = Option.flag("check", "change nothing, only say what is damaged")

  static let command = Command(
    "verify", "Check every byte of the store and repair what can be repaired",
    details: [
      "Unfinished ends that a crash left are cut off, flipped bits in this device's edits are put right, damaged parts "
        + "of the copy of the server's data are dropped so that the next sync fetches them again, and damaged edits of "
        + "this device come back from that copy. Files that are changed are kept as they were in the store's folder "
        + "'damaged'.",
      "Exit codes: 0 intact, or all repaired; 11 repaired, and a sync is needed; 7 damaged: something is lost, or --check "
        + "left it.",
    ],
    options: [check],
    examples: [
      .init("After a crash or a warning", "askonce verify && askonce sync"),
      .init("From a timer, without changing anything", "askonce verify --check --json"),
    ]
  ) { typed in
    let isCheck = typed.has(check)
    return { context in
      let progress = Progress(context.errors)
      defer { progress.end() }
      let result = try Store.verify(at: context.store, repairing: !isCheck, environment: context.system) {
        bytes in
        progress.update("checking: \(Words.bytes(bytes)) read")
      }
      progress.end()
      if context.isJSON { context.output.json(json(result)) } else { write(result, context.output) }
      switch result.need {
      case .nothing: return .ok
      case .sync: return .partial
      case .person: return .damaged
      }
    }
  }

  private static func write(_ check: StoreCheck, _ output: Output) {
    for finding in check.findings {
      output.line(output.styled("\(finding.damage)", finding.need == .person ? .red : .yellow))
      if let done = finding.done { output.line("  \(done)") }
      if let advice = finding.advice { output.line("  \(advice)") }
    }
    let state =
      check.findings.isEmpty
      ? "intact" : Words.count(check.findings.count, "damaged place")
    output.line(
      "\(Words.count(check.files, "file")), \(Words.bytes(check.bytes)), \(Words.count(check.changes, "change")): \(state)"
    )
  }

  private static func json(_ check: StoreCheck) -> JSONText {
    let findings = check.findings.map { finding in
      JSONText(present: [
        ("file", JSONText(finding.damage.file)), ("offset", JSONText(finding.damage.offset)),
        ("reason", JSONText(finding.damage.reason)), ("done", finding.done.map { JSONText($0) }),
        ("need", JSONText("\(finding.need)")), ("advice", finding.advice.map { JSONText($0) }),
      ])
    }
    return JSONText(object: [
      ("files", JSONText(check.files)), ("bytes", JSONText(check.bytes)),
      ("changes", JSONText(check.changes)),
      ("intact", JSONText(check.findings.isEmpty)), ("need", JSONText("\(check.need)")),
      ("findings", JSONText(array: findings)),
    ])
  }
}
