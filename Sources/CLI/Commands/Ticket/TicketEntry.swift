import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// The options of whatever puts something into a timeline.
struct EntryOptions {
  static let at = Option.value(
    "at", "TIME", "when it happened, if not just now: '2026-11-21 14:05', 2h ago as 2h")
  static let author = Option.value("author", "NAME", "who said it, if not you")
  static let care = Option.list("care", "STEP", "what it is for the customer", choices: Vocabulary.careSteps)
  static let file = Option.list(
    "file", "PATH", "a file that belongs to it: its name, size and checksum are kept")
  static let all = [at, author, care, file]
  private static let fact = Option.list("fact", "KEY", "a fact on which what we say rests: shoe_size")
  private static let purpose = Option.value(
    "purpose", "NAME", "what the customer's consent is needed for (default: service)")
  /// Of what is said to or by a customer.
  static let said = all + [fact, purpose]

  /// Takes the options over into an entry.
  static func apply(_ typed: TypedArguments, to entry: inout NewEntry, _ context: Context) throws {
    if let text = typed[at] {
      let time = try Moment.parse(text, now: context.system.now())
      guard time <= context.system.now() else {
        throw Failure.usage("--at lies ahead; what did not happen is no entry")
      }
      entry.happened = HybridTime(milliseconds: time)
    }
    entry.author = typed[author]
    entry.care = typed.list(care)
    if entry.kind != Vocabulary.note {
      entry.facts = try typed.list(fact).map { text in
        let key = FactKey.normal(text)
        guard !key.isEmpty else { throw Failure.usage("'\(text)' is no key of a fact") }
        return key
      }
      entry.purpose = typed[purpose]
    }
    for path in typed.list(file) {
      let (size, sum) = try FileChecksum.read(path)
      let name = path.split(separator: "/").last.map(String.init) ?? path
      entry.files.append(NewEntry.File(name: name, size: size, sha256: sum))
    }
  }

  /// Checks what can be checked before anything is touched.
  static func check(_ typed: TypedArguments) throws {
    if let text = typed[at] { _ = try Moment.parse(text, now: 0) }
  }
}
