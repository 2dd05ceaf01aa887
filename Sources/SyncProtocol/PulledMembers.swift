import ChangeCodec
import Codec

/// Reads the members of an answer's body in order, those of a batch inflated and parsed on all cores.
struct PulledMembers {
  /// How many bytes of the body are read side by side. With what they inflate to, this is all that is held at once
  /// beyond what the reader took.
  private static let batch = 1 << 20
  /// Less than so many bytes are read sooner by one thread than others are woken.
  private static let shared = 16 << 10

  private let body: [UInt8]
  private var index = 0
  private var ready: ArraySlice<BlockMember> = []

  init(_ body: [UInt8]) {
    self.body = body
  }

  /// The next member; nil at the end, or where the body was cut off within a member.
  ///
  /// - Throws: `damaged`, when everything before the damage was given out.
  mutating func next() throws(SyncSession.Fault) -> BlockMember? {
    if ready.isEmpty { try read() }
    return ready.popFirst()
  }

  /// Reads the next batch.
  ///
  /// Where a member ends is known only once it is inflated, so what looks like the start of one is tried. A place that
  /// is none is not where the member before it ends, and counts for nothing.
  private mutating func read() throws(SyncSession.Fault) {
    let body = self.body
    if body.count - index > Self.shared {
      let starts = GzipHeader.places(in: body.span, from: index, limit: Self.batch)
      let members = SideBySide.map(starts.count) { try? Self.member(body, starts[$0]) }
      for (start, member) in zip(starts, members) {
        guard start == index, let member else { break }
        ready.append(member)
        index += member.bytes.count
      }
    }
    // Alone it tells what is wrong with it.
    if ready.isEmpty, let member = try Self.member(body, index) {
      ready.append(member)
      index += member.bytes.count
    }
  }

  /// The member that starts there; nil where the body ends before it does.
  private static func member(_ body: [UInt8], _ start: Int) throws(SyncSession.Fault) -> BlockMember? {
    guard start < body.count else { return nil }
    var text: [UInt8] = []
    let end: Int
    do throws(CompressionError) {
      end = try Inflater().inflateMember(body.span, from: start, limit: BlockMember.textLimit, to: &text)
    } catch {
      if error == .truncated { return nil }
      throw .damaged(error.description)
    }
    do throws(JSONError) {
      return BlockMember(bytes: Array(body[start..<end]), blocks: try BlockText.parseAll(text.span))
    } catch {
      throw .damaged(error.description)
    }
  }
}
