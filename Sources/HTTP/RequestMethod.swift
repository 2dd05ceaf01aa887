/// What a request asks to be done. Case matters: `get` is another method than `GET`.
package enum RequestMethod: Hashable, Sendable, CustomStringConvertible {
  case get, head, post, put, patch, delete, options
  /// Any other token.
  case other(String)

  /// The method of a token.
  package init(_ name: String) {
    switch name {
    case "GET": self = .get
    case "HEAD": self = .head
    case "POST": self = .post
    case "PUT": self = .put
    case "PATCH": self = .patch
    case "DELETE": self = .delete
    case "OPTIONS": self = .options
    default: self = .other(name)
    }
  }

  /// The method as it stands in the request line.
  package var description: String {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .patch: "PATCH"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .other(let name): name
    }
  }
}
