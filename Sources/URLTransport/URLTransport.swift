import Agent

package struct URLTransport: Transport {
  package init(_ server: String) throws {}
  package func exchange(_ call: Call) throws(TransportError) -> Reply { throw TransportError("x") }
}
