extension TableReader {
  package var layout: [(String, Int)] {
    var out: [(String, Int)] = []
    for p in footer.types {
      out.append((p.type + " ids", p.ids.reduce(0) { $0 + $1.length }))
      for c in p.columns {
        out.append((p.type + " " + c.column.name, c.pages.reduce(0) { $0 + $1.length }))
        out.append(
          (
            p.type + " " + c.column.name + " heap",
            c.heap.chunks.reduce(0) { $0 + $1.length } + (c.heap.dictionary?.length ?? 0)
          ))
      }
    }
    out.append(("terms", footer.terms.pages.reduce(0) { $0 + $1.length }))
    out.append(("pairs", footer.terms.counts.reduce(0, +)))
    out.append(("footer", footer.bytes().count))
    return out
  }
}
