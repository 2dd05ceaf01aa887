/// Reads every byte of a table that a checksum covers.
package enum TableCheck {
  /// - Throws: `StorageError.damaged`; then the table is to be removed, because it can be made anew.
  package static func verify(_ disk: any Disk, _ path: String) throws(StorageError) -> Int {
    let opened = try onDisk { () throws(DiskError) in try disk.open(path, .read) }
    let file = try onDisk { () throws(DiskError) in try TableFile(opened, path: path) }
    let magic = TableFooter.magic
    guard try file.bytes(TableFile.Place(offset: 0, length: min(file.size, magic.count))) == magic else {
      throw file.damage(0, "not a table")
    }
    let footer = try TableFooter.read(file)
    for part in footer.types {
      for place in part.ids { try read(place, file) }
      for column in part.columns {
        for place in column.pages { try read(place, file) }
        let dictionary = try column.heap.dictionary.map { (place) throws(StorageError) in
          try file.inflated(place, dictionary: nil)
        }
        for place in column.heap.chunks { _ = try file.inflated(place, dictionary: dictionary) }
      }
    }
    for place in footer.terms.pages { try read(place, file) }
    return file.size
  }

  private static func read(_ place: TableFile.Place, _ file: TableFile) throws(StorageError) {
    try file.page(place) { (_) throws(TableFault) in }
  }
}
