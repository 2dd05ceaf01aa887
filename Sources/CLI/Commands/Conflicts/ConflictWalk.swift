import Agent
import Codec
import Merge
import ServiceDesk

/// One conflict after another, as single keys say.
struct ConflictWalk {
  private let desk: Desk
  private let context: Context
  private let keys: KeyReader
  private let conflicts: [Conflict]
  private var index = 0
  /// What was settled here, for undoing.
  private var settled: [(index: Int, id: String)] = []

  init(_ desk: Desk, _ context: Context, _ filter: ConflictFilter, _ keys: KeyReader) throws {
    self.desk = desk
    self.context = context
    self.keys = keys
    conflicts = try desk.conflicts(filter, limit: .max).conflicts
  }

  private enum Step {
    case next, back, again, changed, quit
  }

  mutating func run() throws {
    guard !conflicts.isEmpty else {
      context.output.line("no open conflict here")
      return
    }
    walk: while index < conflicts.count {
      // Somebody else may have settled it meanwhile, or an answer before it.
      guard let conflict = try current(conflicts[index]), conflict.state == .open else {
        index += 1
        continue
      }
      context.output.line()
      context.output.line(context.output.styled("\(index + 1) of \(conflicts.count)", .dim))
      try ConflictText.write(conflict, desk, context)
      step: while true {
        prompt(conflict)
        guard let key = try key() else { break walk }
        switch try take(key, conflict) {
        case .next: break step
        case .back:
          index = max(0, index - 1)
          continue walk
        case .again: continue step
        case .changed: continue walk
        case .quit: break walk
        }
      }
      index += 1
    }
    let left = try desk.openConflictCount()
    context.output.line()
    context.output.line("\(Words.count(settled.count, "conflict")) settled, \(Words.grouped(left)) open")
    context.output.flush()
  }

  /// A conflict as it is now; nil where it is gone.
  private func current(_ conflict: Conflict) throws -> Conflict? {
    try desk.conflicts(of: conflict.on).first { $0.id == conflict.id }
  }

  /// The next key. While somebody thinks, other commands may write to the store.
  private func key() throws -> UInt8? {
    try desk.store.lending { keys.key() }.get()
  }

  private func prompt(_ conflict: Conflict) {
    let sides = conflict.sides.count == 1 ? "1" : "1-\(min(9, conflict.sides.count))"
    let ways =
      desk.store.isErased(conflict.on)
      ? "[d]one" : conflict.field != nil ? "[\(sides)] take  [v]alue  [m]erge" : "[\(sides)] take  [n]ote"
    context.output.write(context.output.styled("\(ways)  [s]kip  [b]ack  [u]ndo  [q]uit > ", .bold))
    context.output.flush()
  }

  private mutating func take(_ key: UInt8, _ conflict: Conflict) throws -> Step {
    let character = Character(UnicodeScalar(key))
    if key >= 0x20, key < 0x7F { context.output.line(String(character)) } else { context.output.line() }
    switch character {
    case "1"..."9":
      do {
        return try settle(conflict, try .taking(Int(key - UInt8(ascii: "0")), of: conflict), nil)
      } catch let failure as Failure {
        return tell(failure.message)
      }
    case "v":
      guard conflict.field != nil else {
        return tell("a situation has no value; take a side, or leave a note")
      }
      guard let text = try ask("value: "), !text.isEmpty else { return tell("nothing was settled") }
      do {
        let value = try BuiltInField.settling(conflict, with: JSONText(text), context, desk)
        return try settle(conflict, .value(value), nil)
      } catch let failure as Failure {
        return tell(failure.message)
      }
    case "m": return try settle(conflict, .merge, nil)
    case "n":
      // Nobody should type what cannot be kept.
      guard !desk.store.isErased(conflict.on) else {
        return tell("what was erased keeps no words: press d")
      }
      guard conflict.field == nil else {
        return tell("a field needs a value: take a side, or give one with v")
      }
      guard let text = try ask("note: "), !text.isEmpty else { return tell("nothing was settled") }
      return try settle(conflict, .done, text)
    case "d":
      guard desk.store.isErased(conflict.on) else { return tell("press one of the keys in brackets") }
      return try settle(conflict, .done, nil)
    case "s", " ": return .next
    case "b": return .back
    case "u": return try undo()
    case "q", "\u{3}", "\u{4}": return .quit
    default: return tell("press one of the keys in brackets")
    }
  }

  private func ask(_ question: String) throws -> String? {
    context.output.write(question)
    context.output.flush()
    return try desk.store.lending {
      keys.line { text in
        context.output.write(text)
        context.output.flush()
      }
    }.get()
  }

  private func tell(_ text: String) -> Step {
    context.output.line(text)
    return .again
  }

  private mutating func settle(_ conflict: Conflict, _ how: Settlement, _ note: String?) throws -> Step {
    let change: Change?
    do throws(SettlingError) {
      change = try desk.settle(conflict, how, note: note)
    } catch {
      switch error {
      case .stale:
        // While somebody thought about it, it became another one, or went: it is shown as it is.
        context.output.line("it has changed meanwhile")
        return .changed
      case .storage: throw error
      case .unfit, .secret: return tell(error.description)
      }
    }
    settled.append((index, conflict.id))
    let taken = ConflictText.taken(conflict, how, change).map { ": \(Plain.line($0))" } ?? ""
    context.output.line(context.output.styled("settled\(taken)", .green))
    return .next
  }

  /// Why something cannot be done so; nil where it was done.
  private func refusal(_ body: () throws(SettlingError) -> Void) throws -> String? {
    do {
      try body()
      return nil
    } catch {
      if case .storage = error { throw error }
      return error.description
    }
  }

  private mutating func undo() throws -> Step {
    guard let last = settled.popLast() else { return tell("nothing was settled here yet") }
    let on = conflicts[last.index].on
    guard let conflict = try desk.conflicts(of: on).first(where: { $0.id == last.id }) else {
      return tell("conflict \(last.id) is gone")
    }
    if let reason = try refusal({ () throws(SettlingError) in _ = try desk.unsettle(conflict) }) {
      return tell(reason)
    }
    context.output.line(context.output.styled("open again", .yellow))
    // Shows it again.
    index = last.index + 1
    return .back
  }
}
