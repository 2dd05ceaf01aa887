import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// What customers allow to be done with their data.
enum ConsentCommands {
  static let group = CommandGroup(
    "consent", "Consent: what a customer's data may be used for",
    [
      answer(
        "grant", true, "Write down that a customer allows a purpose",
        "She wants the newsletter", "askonce consent grant k7f3.12 marketing --channel phone"),
      answer(
        "withdraw", false, "Write down that a customer does not allow a purpose any more",
        "No more advertising", "askonce consent withdraw k7f3.12 marketing --channel email"),
      list, purpose,
    ])

  private static let subject = Operand("CUSTOMER", "id, number, phone, e-mail, handle or name")

  private static func answer(
    _ verb: String, _ isGranted: Bool, _ summary: String, _ situation: String, _ line: String
  ) -> Command {
    Command(
      "consent \(verb)", summary,
      details: [
        "Facts of a withdrawn purpose are hidden on every device that has synced: from 'brief', 'ask', lists and "
          + "exports. When one colleague writes down a grant and another a withdrawal without knowing of each other, "
          + "the withdrawal counts, whichever is later."
      ],
      operands: [subject, Operand("PURPOSE", "service, contact, marketing, analytics, or one of your own")],
      options: [FactCommands.channel, FactCommands.ticket], examples: [.init(situation, line)]
    ) { typed in
      let (text, purpose) = (typed.operand(0), typed.operand(1))
      let (channel, ticket) = (typed[FactCommands.channel], typed[FactCommands.ticket])
      return { context in
        try context.withDesk(.writing) { desk in
          let id = try context.customer(text, desk)
          let ticketID = try context.ticket(ticket, desk)
          let change = try desk.setConsent(
            id, purpose, isGranted: isGranted, channel: channel, ticket: ticketID)
          Editing.report(context, id, change)
        }
      }
    }
  }

  private static let list = Command(
    "consent list", "Show what a customer's data may be used for",
    operands: [subject],
    examples: [.init("Before writing to her", "askonce consent list k7f3.12")]
  ) { typed in
    let text = typed.operand(0)
    return { context in
      try context.withDesk(.reading) { desk in
        let id = try context.customer(text, desk)
        let answers = try desk.consents(id).answers
        if context.isJSON {
          context.output.json(list: answers.map(json))
          return
        }
        var table = Table(["purpose", "now", "said", "on", "to"])
        for answer in answers {
          table.add([
            .init(answer.purpose),
            .init(answer.isGranted ? "granted" : "withdrawn", answer.isGranted ? .green : .red),
            .init(answer.head.map { Moment.local($0.effective) } ?? "nothing: the default"),
            .init(answer.channel ?? ""), .init(answer.head?.by ?? ""),
          ])
        }
        table.write(to: context.output)
      }
    }
  }

  static func json(_ answer: Consents.Answer) -> JSONText {
    JSONText(present: [
      ("purpose", JSONText(answer.purpose)), ("granted", JSONText(answer.isGranted)),
      ("said", JSONText(answer.head != nil)), ("at", answer.head.map { JSONText($0.effective.description) }),
      ("by", answer.head.map { JSONText($0.by) }), ("channel", answer.channel.map { JSONText($0) }),
    ])
  }

  private static let standard = Option.value(
    "default", "WORD", "what counts where a customer said nothing", choices: ["granted", "withdrawn"])
  private static let text = Option.value("text", "TEXT", "what the purpose means, for customers")

  private static let purpose = Command(
    "consent purpose", "Show the purposes of the workspace, or set one",
    details: [
      "Every workspace has service and contact, granted until a customer says otherwise, and marketing and "
        + "analytics, which a customer has to grant. One of your own starts as withdrawn unless you say otherwise."
    ],
    operands: [Operand("PURPOSE", .optional, "the purpose to set")],
    options: [standard, text],
    examples: [
      .init("All", "askonce consent purpose"),
      .init("One of your own", "askonce consent purpose newsletter --text 'Our monthly letter'"),
    ]
  ) { typed in
    let (name, standard, text) = (typed.optional(0), typed[standard], typed[text])
    if let name {
      let normal = FactKey.normal(name)
      guard normal == name, !name.isEmpty else {
        throw Failure.usage("a purpose is lower-case letters and digits, such as '\(normal)'")
      }
    } else if standard != nil || text != nil {
      throw Failure.usage("which purpose? Give PURPOSE")
    }
    return { context in
      try context.withDesk(name == nil ? .reading : .writing) { desk in
        if let name {
          let change = try desk.setPurpose(
            name, isGrantedByDefault: standard.map { $0 == "granted" }, text: text)
          Editing.report(context, Vocabulary.settingsID, change)
          return
        }
        let settings = try desk.settings()
        if context.isJSON {
          context.output.json(
            list: settings.purposes.map { purpose in
              JSONText(present: [
                ("purpose", JSONText(purpose)),
                ("default", JSONText(settings.isGrantedByDefault(purpose) ? "granted" : "withdrawn")),
                ("text", settings.explanation(ofPurpose: purpose).map { JSONText($0) }),
              ])
            })
        } else {
          var table = Table(["purpose", "default", "meaning"])
          for purpose in settings.purposes {
            table.add([
              .init(purpose), .init(settings.isGrantedByDefault(purpose) ? "granted" : "withdrawn"),
              .init(settings.explanation(ofPurpose: purpose) ?? ""),
            ])
          }
          table.write(to: context.output)
        }
      }
    }
  }
}
