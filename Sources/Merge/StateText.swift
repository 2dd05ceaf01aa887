import Causality
import Codec

/// The one text form of a state, in which replicas are compared.
///
/// A line of JSON with everything sorted: what two replicas that hold the same changes must agree on, and
/// nothing that depends on how they came to hold them. `Protocol.md` gives it in full.
extension EntityState {
  /// The state line, without a line feed.
  public var line: String { String(decoding: lineBytes, as: UTF8.self) }

  package var lineBytes: [UInt8] {
    var output: [UInt8] = Array("{\"on\":\"".utf8)
    id.write(to: &output)
    output += Array("\",\"changes\":\(changeCount)".utf8)
    if isErased { output += Array(",\"erased\":true".utf8) }
    JSONWriter.object("fields", registers, to: &output) { register, output in
      JSONWriter.list(register.heads, to: &output) { head, output in
        Self.entry(head.id, head.effective, head.value, &output)
      }
    }
    JSONWriter.object("sets", sets, to: &output) { elements, output in
      JSONWriter.members(elements, to: &output) { adds, output in
        JSONWriter.list(adds, to: &output) { id, output in
          output.append(UInt8(ascii: "\""))
          id.write(to: &output)
          output.append(UInt8(ascii: "\""))
        }
      }
    }
    JSONWriter.object("logs", logs, to: &output) { entries, output in
      JSONWriter.list(entries, to: &output) { entry, output in
        Self.entry(entry.id, entry.effective, entry.value, &output)
      }
    }
    JSONWriter.object("counts", counters, to: &output) { count, output in
      output += Array(String(count).utf8)
    }
    output.append(UInt8(ascii: "}"))
    return output
  }

  /// FNV-1a of the state line, 64 bits.
  ///
  /// A store's digest is the sum of these modulo 2^64, whatever the order of its entities. Source: G. Fowler,
  /// L. C. Noll, K.-P. Vo, *The FNV Non-Cryptographic Hash Algorithm* (IETF draft).
  public var digest: UInt64 { FNV1a.hash(lineBytes) }

  private static func entry(
    _ id: ChangeID, _ effective: HybridTime, _ value: JSONText, _ output: inout [UInt8]
  ) {
    output += Array("{\"id\":\"".utf8)
    id.write(to: &output)
    output += Array("\",\"at\":\"".utf8)
    effective.write(to: &output)
    output += Array("\",\"value\":".utf8)
    output += value.bytes
    output.append(UInt8(ascii: "}"))
  }
}

/// The 64-bit FNV-1a hash.
package enum FNV1a {
  package static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }

  /// Sixteen lower-case hexadecimal digits.
  package static func hex(_ hash: UInt64) -> String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
