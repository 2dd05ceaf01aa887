/// Arrays of numbers in blocks of 128, each number in as few bits as the largest of its block needs.
///
/// A block is a byte, a base, and the numbers less the base, packed from the lowest bit on (*frame of reference*; D.
/// Lemire, L. Boytsov, *Decoding billions of integers per second through vectorization*, 2015). The byte holds the
/// width, 0 to 64; with its high bit set the block holds the first number and then the differences of neighbours,
/// each less the smallest of them: for what grows, such as sequences and times. The shorter form is taken.
enum PackedNumbers {
  static let blockSize = 128
  private static let differences: UInt8 = 0x80

  /// Appends an array. The reader has to know its count.
  static func write(_ values: [UInt64], to output: inout [UInt8]) {
    var start = 0
    while start < values.count {
      let end = min(start + blockSize, values.count)
      writeBlock(values[start..<end], to: &output)
      start = end
    }
  }

  private static func writeBlock(_ values: ArraySlice<UInt64>, to output: inout [UInt8]) {
    var least = UInt64.max
    var greatest = UInt64.min
    var leastStep = Int64.max
    var greatestStep = Int64.min
    var earlier: UInt64?
    for value in values {
      least = min(least, value)
      greatest = max(greatest, value)
      if let earlier {
        let step = Int64(bitPattern: value &- earlier)
        leastStep = min(leastStep, step)
        greatestStep = max(greatestStep, step)
      }
      earlier = value
    }
    let width = bits(greatest - least)
    // A span of steps that does not fit in 63 bits, and that of a single number, is not worth a form of its own.
    let span = greatestStep.subtractingReportingOverflow(leastStep)
    let stepWidth = span.overflow ? 64 : bits(UInt64(span.partialValue))
    if stepWidth + 2 < width {
      output.append(UInt8(stepWidth) | differences)
      output.append(varint: values[values.startIndex])
      output.append(varint: zigzag(leastStep))
      var packer = BitPacker(width: stepWidth)
      for index in values.indices.dropFirst() {
        let step = Int64(bitPattern: values[index] &- values[index - 1])
        packer.append(UInt64(bitPattern: step &- leastStep), to: &output)
      }
      packer.finish(&output)
    } else {
      output.append(UInt8(width))
      output.append(varint: least)
      var packer = BitPacker(width: width)
      for value in values { packer.append(value - least, to: &output) }
      packer.finish(&output)
    }
  }

  /// Reads an array of `count` numbers. Cost: a few operations a number.
  static func read(_ count: Int, _ cursor: inout ByteCursor) throws(TableFault) -> [UInt64] {
    // A block takes two bytes at least, so that a damaged count cannot ask for much memory.
    guard count <= cursor.rest * blockSize else { throw TableFault(reason: "it ends too early") }
    var failure: TableFault?
    let values = [UInt64](unsafeUninitializedCapacity: count) { values, filled in
      do throws(TableFault) {
        while filled < count {
          let end = min(filled + blockSize, count)
          try readBlock(&cursor, UnsafeMutableBufferPointer(rebasing: values[filled..<end]))
          filled = end
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }

  /// Reads some numbers of an array of `count`, and passes over the others. Cost: a few operations a block, and a number of
  /// the blocks that hold them.
  static func read(
    _ range: Range<Int>, of count: Int, _ cursor: inout ByteCursor
  ) throws(TableFault) -> [UInt64] {
    if range == 0..<count { return try read(count, &cursor) }
    let first = range.lowerBound / blockSize * blockSize
    let end = min(count, (range.upperBound + blockSize - 1) / blockSize * blockSize)
    try skip(first, &cursor)
    let values = try read(max(first, end) - first, &cursor)
    guard range.upperBound - first <= values.count else { throw TableFault(reason: "it ends too early") }
    try skip(count - first - values.count, &cursor)
    return Array(values[range.lowerBound - first..<range.upperBound - first])
  }

  /// Finds a number among those of a range, which ascend, in an array of `count`, which is passed over. Cost: a few operations
  /// a block, and a number of one block or two.
  ///
  /// - Returns: the index of the first that is not less, the range's end for none, and whether that is the number.
  static func find(
    _ value: UInt64, in range: Range<Int>, of count: Int, _ cursor: inout ByteCursor
  ) throws(TableFault) -> (index: Int, isThere: Bool) {
    var start = 0
    // The block that the number is in, unless it is the first of the next one.
    var block: (cursor: ByteCursor, start: Int)?
    var next: UInt64?
    while start < range.upperBound, next == nil {
      let here = cursor
      let size = min(blockSize, count - start)
      var first = try skipBlock(size, &cursor)
      if start >= range.lowerBound, start + size > range.upperBound {
        // The least number of this block may be one behind the range.
        var again = here
        first = try read(size, &again)[0]
      }
      if start >= range.lowerBound, first >= value {
        next = first
      } else if start + blockSize > range.lowerBound {
        block = (here, start)
      }
      start += blockSize
    }
    try skip(max(0, count - start), &cursor)
    guard var block else { return (range.lowerBound, next == value && !range.isEmpty) }
    let numbers = try read(min(blockSize, count - block.start), &block.cursor)
    for index in max(block.start, range.lowerBound)..<min(block.start + numbers.count, range.upperBound)
    where numbers[index - block.start] >= value {
      return (index, numbers[index - block.start] == value)
    }
    return (min(block.start + numbers.count, range.upperBound), next == value)
  }

  /// Passes over an array of `count` numbers. Cost: a few operations a block.
  static func skip(_ count: Int, _ cursor: inout ByteCursor) throws(TableFault) {
    var left = count
    while left > 0 {
      _ = try skipBlock(min(left, blockSize), &cursor)
      left -= blockSize
    }
  }

  /// Passes over a block and gives its base: the least of its numbers, or the first.
  private static func skipBlock(_ size: Int, _ cursor: inout ByteCursor) throws(TableFault) -> UInt64 {
    let head: UInt8 = try cursor.number()
    let width = Int(head & ~differences)
    guard width <= 64 else { throw TableFault(reason: "a width of \(width) bits") }
    let base = try cursor.varint()
    let isDifferences = head & differences != 0
    if isDifferences { _ = try cursor.varint() }
    _ = try cursor.take(((isDifferences ? size - 1 : size) * width + 7) / 8)
    return base
  }

  private static func readBlock(
    _ cursor: inout ByteCursor, _ values: UnsafeMutableBufferPointer<UInt64>
  ) throws(TableFault) {
    let head: UInt8 = try cursor.number()
    let width = Int(head & ~differences)
    guard width <= 64 else { throw TableFault(reason: "a width of \(width) bits") }
    let base = try cursor.varint()
    if head & differences == 0 {
      let range = try cursor.take((values.count * width + 7) / 8)
      unpack(cursor.bytes, range, width, values)
      for index in values.indices { values[index] &+= base }
    } else {
      let least = UInt64(bitPattern: unzigzag(try cursor.varint()))
      let range = try cursor.take(((values.count - 1) * width + 7) / 8)
      unpack(cursor.bytes, range, width, UnsafeMutableBufferPointer(rebasing: values.dropFirst()))
      var value = base
      values[0] = base
      for index in values.indices.dropFirst() {
        value = value &+ least &+ values[index]
        values[index] = value
      }
    }
  }

  /// Fills places with numbers of `width` bits.
  private static func unpack(
    _ bytes: [UInt8], _ range: Range<Int>, _ width: Int, _ values: UnsafeMutableBufferPointer<UInt64>
  ) {
    guard width > 0 else {
      values.update(repeating: 0)
      return
    }
    let mask = UInt64.max >> UInt64(64 - width)
    bytes.withUnsafeBytes { buffer in
      var bit = range.lowerBound * 8
      for index in values.indices {
        let offset = bit >> 3
        let shift = UInt64(bit & 7)
        var word: UInt64 = 0
        if offset + 8 <= buffer.count {
          word = UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        } else {
          for place in offset..<buffer.count { word |= UInt64(buffer[place]) << UInt64(8 * (place - offset)) }
        }
        word >>= shift
        // A number of more than 57 bits may reach into a ninth byte.
        if Int(shift) + width > 64, offset + 8 < buffer.count {
          word |= UInt64(buffer[offset + 8]) << (64 - shift)
        }
        values[index] = word & mask
        bit += width
      }
    }
  }

  private static func bits(_ value: UInt64) -> Int { 64 - value.leadingZeroBitCount }

  private static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: value << 1 ^ value >> 63) }
  private static func unzigzag(_ value: UInt64) -> Int64 {
    Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }
}

/// Packs numbers of one width from the lowest bit on.
private struct BitPacker {
  let width: Int
  private var pending: UInt128 = 0
  private var count = 0

  init(width: Int) {
    self.width = width
  }

  mutating func append(_ value: UInt64, to output: inout [UInt8]) {
    pending |= UInt128(value) << UInt128(count)
    count += width
    while count >= 8 {
      output.append(UInt8(truncatingIfNeeded: pending))
      pending >>= 8
      count -= 8
    }
  }

  mutating func finish(_ output: inout [UInt8]) {
    if count > 0 { output.append(UInt8(truncatingIfNeeded: pending)) }
    pending = 0
    count = 0
  }
}
