/// Reads every byte of a file of words.
package enum WordCheck {
  /// - Throws: `StorageError.damaged`; then the file is to be removed, because it can be made anew.
  package static func verify(_ disk: any Disk, _ path: String) throws(StorageError) -> Int {
    let file = try TableFile.open(disk, path, magic: WordFooter.magic)
    let footer = try WordFooter.read(file)
    for place in footer.types.flatMap(\.ids) + footer.words + footer.entities { try file.check(place) }
    return file.size
  }
}
