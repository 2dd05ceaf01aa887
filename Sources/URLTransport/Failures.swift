import Agent
import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Tells apart why no answer came, in words for a person.
enum Failures {
  static func describe(_ error: any Error) -> TransportError {
    let words = (error as NSError).localizedDescription
    guard let error = error as? URLError else { return TransportError(words) }
    switch error.code {
    case .cannotFindHost, .dnsLookupFailed:
      return TransportError("the server's name is not known here", kind: .offline)
    case .cannotConnectToHost:
      return TransportError("nothing answers at the server's address", kind: .offline)
    case .notConnectedToInternet:
      return TransportError("this device has no network", kind: .offline)
    case .timedOut:
      return TransportError("the server did not answer in time", kind: .offline)
    // Addresses of other protocols are refused before, so what curl does not know is the answer's.
    case .unsupportedURL where words.contains("HTTP/0.9"):
      return TransportError("what answers at the server's address speaks no HTTP")
    case .unsupportedURL, .badURL:
      // Trying again would not help.
      return TransportError(
        "requests cannot be sent to this address; write it like https://desk.example.org", kind: .untrusted)
    case .networkConnectionLost: return TransportError("the connection was lost")
    case .cancelled: return TransportError("the request was cancelled")
    case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
      .serverCertificateNotYetValid, .serverCertificateHasUnknownRoot:
      return TransportError(words, kind: .untrusted)
    default:
      // What curl says of certificates comes without a code of its own.
      let isTLS = ["SSL", "TLS", "certificate"].contains { words.contains($0) }
      return TransportError(words, kind: isTLS ? .untrusted : .interrupted)
    }
  }
}
