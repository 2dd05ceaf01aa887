extension Array {
  /// The last element, of those that are sorted so that a condition holds of the first ones and of none behind them, of which
  /// it holds; 0 where it holds of none. Cost: a logarithm of the count.
  @inlinable
  package func lastIndex(ofSortedWhere condition: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while high - low > 1 {
      let middle = (low + high) / 2
      if condition(self[middle]) { low = middle } else { high = middle }
    }
    return low
  }
}
