import Codec

/// Where the chunks of a heap of strings lie.
struct HeapDirectory {
  /// The bytes that zlib may refer to in every chunk; nil for a small heap.
  var dictionary: TableFile.Place?
  var chunks: [TableFile.Place] = []
  /// How many strings the chunks up to and with each hold.
  var ends: [Int] = []

  var count: Int { ends.last ?? 0 }

  func write(to output: inout [UInt8]) {
    (dictionary.map { [$0] } ?? []).write(to: &output)
    chunks.write(to: &output)
    PackedNumbers.write(ends.map(UInt64.init), to: &output)
  }

  init() {}

  init(_ cursor: inout ByteCursor) throws(TableFault) {
    dictionary = try [TableFile.Place](&cursor).first
    chunks = try [TableFile.Place](&cursor)
    ends = try PackedNumbers.read(chunks.count, &cursor).map { Int(truncatingIfNeeded: $0) }
    var earlier = 0
    for end in ends {
      guard end > earlier else { throw TableFault(reason: "the chunks of a heap are not in order") }
      earlier = end
    }
  }
}

/// Writes strings that are later read by their number, compressed in small chunks.
///
/// Short texts of one kind repeat each other. So that a single one can be read without inflating much, chunks are
/// 4 KiB, and their common dictionary is the heap's first 16 KiB: on 10,000 subjects of 18 bytes that takes 5.4
/// bytes each, where chunks of 32 KiB without a dictionary take 6.0.
struct StringHeapWriter {
  private static let dictionarySize = 16 << 10
  private static let chunkSize = 4 << 10
  /// Ends each string; stands in no UTF-8.
  static let terminator: UInt8 = 0xFF

  private var directory = HeapDirectory()
  private var text: [UInt8] = []
  /// Where the strings in `text` end.
  private var ends: [Int] = []
  private var deflater: Deflater?
  private var count = 0

  mutating func append(_ string: String, to sink: TableSink) throws(StorageError) {
    text += string.utf8
    text.append(Self.terminator)
    ends.append(text.count)
    count += 1
    if deflater == nil {
      if text.count >= 2 * Self.dictionarySize { try settleDictionary(sink) }
    } else if text.count >= Self.chunkSize {
      try close(text.count, ends.count, sink)
    }
  }

  /// Makes the first texts the dictionary, then writes them.
  private mutating func settleDictionary(_ sink: TableSink) throws(StorageError) {
    let words = Array(text[..<Self.dictionarySize])
    directory.dictionary = try write(words, Deflater(.zlib(dictionary: []), level: 9), sink)
    deflater = Deflater(.zlib(dictionary: words), level: 9)
    while let size = ends.first(where: { $0 >= Self.chunkSize }), let index = ends.firstIndex(of: size) {
      try close(size, index + 1, sink)
    }
  }

  private mutating func close(_ size: Int, _ strings: Int, _ sink: TableSink) throws(StorageError) {
    guard let deflater else { return }
    directory.chunks.append(try write(Array(text[..<size]), deflater, sink))
    directory.ends.append(directory.count + strings)
    text.removeFirst(size)
    ends.removeFirst(strings)
    for index in ends.indices { ends[index] -= size }
  }

  private func write(_ text: [UInt8], _ deflater: Deflater, _ sink: TableSink) throws(StorageError)
    -> TableFile.Place
  {
    let bytes = deflater.compress(text)
    let start = sink.offset
    try sink.append(bytes)
    return TableFile.Place(offset: start, length: bytes.count)
  }

  mutating func finish(_ sink: TableSink) throws(StorageError) -> HeapDirectory {
    if !ends.isEmpty {
      if deflater == nil { deflater = Deflater(.zlib(dictionary: []), level: 9) }
      try close(text.count, ends.count, sink)
    }
    return directory
  }
}

/// Reads the strings of a heap by their number. Keeps the chunk that it read last, or all that it read.
final class StringHeap {
  private let file: TableFile
  private let directory: HeapDirectory
  private var dictionary: [UInt8]?
  private let keepsAll: Bool
  private var cached: [Int: [String]] = [:]

  init(_ file: TableFile, _ directory: HeapDirectory, keepsAll: Bool) {
    self.file = file
    self.directory = directory
    self.keepsAll = keepsAll
  }

  var count: Int { directory.count }

  /// Cost: the inflating of a chunk, unless it was kept.
  func string(_ index: Int) throws(StorageError) -> String {
    var low = 0
    var high = directory.ends.count
    while low < high {
      let middle = (low + high) / 2
      if directory.ends[middle] <= index { low = middle + 1 } else { high = middle }
    }
    guard index >= 0, low < directory.chunks.count else {
      throw file.damage(0, "no string of number \(index)")
    }
    return try strings(low)[index - (low == 0 ? 0 : directory.ends[low - 1])]
  }

  /// All strings in order.
  func all() throws(StorageError) -> [String] {
    var found: [String] = []
    found.reserveCapacity(count)
    for chunk in directory.chunks.indices { found += try strings(chunk) }
    return found
  }

  private func strings(_ chunk: Int) throws(StorageError) -> [String] {
    if let strings = cached[chunk] { return strings }
    if dictionary == nil, let place = directory.dictionary {
      dictionary = try file.inflated(place, dictionary: nil)
    }
    let text = try file.inflated(directory.chunks[chunk], dictionary: dictionary)
    var strings: [String] = []
    var start = 0
    for (index, byte) in text.enumerated() where byte == StringHeapWriter.terminator {
      strings.append(String(decoding: text[start..<index], as: UTF8.self))
      start = index + 1
    }
    guard strings.count == directory.ends[chunk] - (chunk == 0 ? 0 : directory.ends[chunk - 1]) else {
      throw file.damage(directory.chunks[chunk].offset, "a chunk with \(strings.count) strings")
    }
    if !keepsAll { cached.removeAll(keepingCapacity: true) }
    cached[chunk] = strings
    return strings
  }
}
