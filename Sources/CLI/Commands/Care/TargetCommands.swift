import Agent
import Codec
import Merge
import ServiceDesk

/// Within how long customers are answered.
enum TargetCommands {
  static let group = CommandGroup(
    "target", "Response targets: first answer, next answer, resolution", [set, list])

  private static let first = length("first", "the first answer")
  private static let next = length("next", "every later answer")
  private static let resolution = length("resolution", "the solution")
  private static let priority = Option.value(
    "priority", "WORD", "only for this priority", choices: Vocabulary.priorities)

  private static func length(_ name: String, _ what: String) -> Option {
    .value(name, "LENGTH", "business time for \(what): 5m, 6h; 'none' for no target")
  }

  private static let set = Command(
    "target set", "Set the response targets of a channel",
    details: [
      "What is not given stays. A day has as many hours as the desk is open: '40h' is a week of five days of eight hours."
    ],
    operands: [Operand("CHANNEL", "phone, email, sms, chat, social, message, web or visit")],
    options: [first, next, resolution, priority],
    examples: [
      .init("E-mail", "askonce target set email --first 4h --next 4h --resolution 40h"),
      .init("Urgent e-mail", "askonce target set email --priority urgent --first 30m"),
    ]
  ) { typed in
    let channel = typed.operand(0)
    guard Vocabulary.channels.contains(channel) else {
      throw Failure.usage(
        "CHANNEL is one of \(Vocabulary.channels.joined(separator: ", ")), not '\(channel)'")
    }
    var edits: [String: Int?] = [:]
    for option in [first, next, resolution] {
      guard let text = typed[option] else { continue }
      if text == "none" {
        edits.updateValue(nil, forKey: option.name)
      } else if let length = Moment.length(text), 60_000...UInt64(ResponseTarget.maximum) * 60_000 ~= length {
        edits.updateValue(Int(length / 60_000), forKey: option.name)
      } else {
        throw Failure.usage(
          "--\(option.name) takes a length of time, 1m to ten years, such as 30m or 6h, or none, not '\(text)'"
        )
      }
    }
    guard !edits.isEmpty else { throw Failure.usage("give --first, --next or --resolution") }
    let (made, word) = (edits, typed[priority])
    return { context in
      try context.withDesk(.writing) { desk in
        var target = try desk.settings().target(channel: channel, priority: word ?? "")
        if let minutes = made[first.name] { target.first = minutes }
        if let minutes = made[next.name] { target.next = minutes }
        if let minutes = made[resolution.name] { target.resolution = minutes }
        let change = try desk.setTarget(channel: channel, priority: word, target)
        Editing.report(context, Vocabulary.settingsID, change)
      }
    }
  }

  private static let list = Command(
    "target list", "List the response targets of all channels",
    examples: [.init("All", "askonce target list")]
  ) { _ in
    { context in
      try context.withDesk(.reading) { desk in
        let settings = try desk.settings()
        let own = settings.ownTargets.filter { $0.name.contains(".") }
        let all =
          Vocabulary.channels.map { ($0, settings.target(channel: $0, priority: "")) }
          + own.map { ($0.name, $0.target) }
        if context.isJSON {
          context.output.json(
            all.map { name, target in
              (
                name,
                JSONText(present: [
                  ("first", target.first.map { JSONText($0) }), ("next", target.next.map { JSONText($0) }),
                  ("resolution", target.resolution.map { JSONText($0) }),
                ])
              )
            })
          return
        }
        var table = Table(["channel", "first answer", "next answer", "resolution"])
        for (name, target) in all {
          table.add([.init(name)] + [target.first, target.next, target.resolution].map { .init(span($0)) })
        }
        table.write(to: context.output)
      }
    }
  }

  private static func span(_ minutes: Int?) -> String {
    minutes.map { $0 % 60 == 0 ? Words.count($0 / 60, "hour") : Words.count($0, "minute") } ?? "none"
  }
}
