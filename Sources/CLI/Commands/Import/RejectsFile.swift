import Codec
import Import

/// Where records go that could not be imported: a file that can be mended and imported, and a line each on standard
/// error.
final class RejectsFile {
  private let file: OutputFile?
  private let context: Context
  private(set) var count = 0
  /// Values that were left out of records that were imported.
  private(set) var refused = 0
  private var failure: Failure?
  /// The last line that is in the file: of one line several edits may be refused.
  private var written = 0
  /// How many are told one by one.
  private static let told = 20

  /// - Parameter path: nil where nobody wants the file.
  init(_ path: String?, _ context: Context) {
    file = path.map { OutputFile($0) }
    self.context = context
  }

  /// - Parameter header: what the file starts with.
  func add(_ reject: Reject, header: [UInt8]) {
    tell(reject.description)
    count += 1
    guard let file, failure == nil, !reject.raw.isEmpty, reject.line != written else { return }
    written = reject.line
    do throws(Failure) {
      if !file.isMade { try file.write(header) }
      try file.write(reject.raw.last == 0x0A ? reject.raw : reject.raw + [0x0A])
    } catch {
      failure = error
    }
  }

  func add(_ value: RefusedValue) {
    tell(value.description)
    refused += 1
  }

  private func tell(_ text: String) {
    if count + refused < Self.told { context.note(text) }
  }

  /// Says how many more there were, and where they are.
  ///
  /// - Throws: `Failure` where the file could not be written.
  func finish() throws(Failure) {
    if let failure { throw failure }
    let all = count + refused
    if all > Self.told { context.note("and \(Words.grouped(all - Self.told)) more") }
    if let path {
      context.note("rejected records are in \(path); mend them and import that file")
    }
  }

  /// The file, if there is something in it.
  var path: String? { file.flatMap { $0.isMade ? $0.path : nil } }
}
