/// Little-endian numbers in derived binary files.
extension [UInt8] {
  mutating func append(number: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }

  /// The number at an offset.
  ///
  /// - Precondition: it lies within the bytes.
  func number<Number: FixedWidthInteger>(_ offset: Int, as type: Number.Type = Number.self) -> Number {
    precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= count, "number outside of the bytes")
    return withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self)) }
  }
}
