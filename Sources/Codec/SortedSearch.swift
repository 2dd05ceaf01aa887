extension Array {
  /// Where those elements end of which a condition holds, in an array that is sorted so that it holds of the first ones and of
  /// none behind them. Cost: a logarithm of the count.
  @inlinable
  package func endIndex(ofSortedWhere condition: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if condition(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The index of the last of these elements; 0 where there is none. Cost: a logarithm of the count.
  @inlinable
  package func lastIndex(ofSortedWhere condition: (Element) -> Bool) -> Int {
    Swift.max(0, endIndex(ofSortedWhere: condition) - 1)
  }
}
