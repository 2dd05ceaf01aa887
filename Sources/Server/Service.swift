import Codec
import HTTP
import Storage
import SyncProtocol
import Synchronization

/// The server as a whole: requests come from sockets, pushes that arrive together are stored together, and the
/// work that can wait is done behind.
package final class Service: RequestHandler {
  private let endpoints: Endpoints
  private let data: ServerData
  private let queues = PushQueues()
  private let live = LiveStreams()
  let maintenance: Maintenance
  /// Large bodies that are decoded at once: each may take a hundred megabytes for a moment, and more would not be faster.
  private let decoding = WorkQueue(width: 2)
  /// Members of a log that are read to find a place within them: up to 64 MiB of text each.
  private let reading = WorkQueue(width: 2)

  /// - Parameter report: takes what went wrong behind, in words for the operator.
  package init(_ data: ServerData, report: @escaping @Sendable (String) -> Void) {
    self.data = data
    let maintenance = Maintenance(data, live, report, ended: { [weak queues] name in queues?.drop(name) })
    self.maintenance = maintenance
    endpoints = Endpoints(data, report: report) { maintenance.request($0) }
  }

  /// Starts what runs beside requests.
  package func start() { maintenance.start() }

  /// Ends streams, and asks what runs beside requests to end. Returns at once.
  package func prepareToStop() {
    live.closeAll()
    maintenance.prepareToStop()
  }

  /// Ends what runs beside requests, and streams, and writes what is only in memory.
  ///
  /// - Parameter seconds: how long that may take; a disk may not answer.
  package func stop(within seconds: Double = 60) {
    live.closeAll()
    maintenance.stop(within: seconds)
  }

  package func admit(_ head: RequestHead) -> Admission {
    let path = head.segments
    if path == ["healthz"] { return .accept(maximumBody: 0, runsInline: true) }
    if path == ["v1", "join"] { return .accept(maximumBody: Self.smallBody) }
    guard Self.token(head) != nil else {
      return .refuse(
        Self.response(
          ServerResponse(SyncProtocol.Refusal(.unauthorized, "the request has no token of this server"))))
    }
    let isSync = path.count == 4 && path[3] == "sync"
    // Most pushes are small, and looked at once, when they are here.
    guard isSync, head.isChunked || (head.contentLength ?? 0) > Self.smallBody else {
      // A request without a body only looks things up, which costs less than a change of thread; where it has to read the
      // log it changes threads then.
      return .accept(
        maximumBody: Self.smallBody, runsInline: isSync && !head.hasBody && data.isOpen(path[2]))
    }
    // All large bodies together have one limit, which is not for strangers to use up.
    if let refusal = endpoints.refusal(ofBodyFor: path[2], token: Self.token(head)) {
      return .refuse(Self.response(ServerResponse(refusal)))
    }
    return .accept(maximumBody: PushBody.maximumSize)
  }

  /// The largest body that is taken before it is known who sends it, in bytes.
  private static let smallBody = 4096

  package func handle(_ request: Request, respond: @escaping @Sendable (Response) -> Void) {
    // Those that wait keep no thread from small requests.
    guard request.body.count > Self.smallBody else { return begin(request, respond) }
    decoding.submit { self.begin(request, respond) }
  }

  private func begin(_ request: Request, _ respond: @escaping @Sendable (Response) -> Void) {
    switch endpoints.begin(Self.request(request)) {
    case .answer(let response):
      if case .live(let hosted, let device) = response.body {
        respond(live.open(hosted, device))
      } else {
        respond(Self.response(response))
      }
    case .push(let hosted, let push):
      queue(hosted).add(push) { answer in respond(Self.response(Endpoints.response(answer))) }
    case .pull(let hosted, let sender, let request):
      reading.submit { [endpoints] in
        let answer = hosted.workspace.pull(sender, request, tell: endpoints.troubles.tell)
        respond(Self.response(Endpoints.response(answer)))
      }
    }
  }

  func queue(_ hosted: ServerData.Hosted) -> PushQueue {
    queues.queue(hosted.workspace.name) {
      PushQueue(
        hosted.workspace, tell: endpoints.troubles.tell,
        isServed: { [maintenance] in maintenance.isServed(hosted) },
        moved: { [live, maintenance] in
          live.tell(hosted.workspace)
          maintenance.request(hosted)
        })
    }
  }

  private static func token(_ head: RequestHead) -> String? {
    guard let field = head.fields["authorization"], field.count > 7,
      field.prefix(7).lowercased() == "bearer "
    else { return nil }
    return String(field.dropFirst(7))
  }

  private static func request(_ request: Request) -> ServerRequest {
    let head = request.head
    return ServerRequest(
      method: head.method.description, path: head.segments,
      parameters: Dictionary(head.query.map { ($0.name, $0.value) }) { first, _ in first },
      token: token(head),
      body: request.body, range: head.fields["range"].flatMap(range))
  }

  /// `bytes=0-4095` or `bytes=4096-`; anything else is passed over, as RFC 9110 allows.
  private static func range(_ field: String) -> (first: Int, last: Int?)? {
    guard field.hasPrefix("bytes=") else { return nil }
    let parts = field.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let first = Int(parts[0]), first >= 0 else { return nil }
    if parts[1].isEmpty { return (first, nil) }
    return Int(parts[1]).map { (first, $0) }
  }

  /// The socket's form of an answer.
  private static func response(_ response: ServerResponse) -> Response {
    switch response.body {
    case .bytes(let bytes): Response(status: response.status, response.fields, body: .bytes(bytes))
    case .extents(let extents):
      Response(status: response.status, response.fields, body: .pieces(extents.map(piece)))
    case .live: Response(status: 500)
    }
  }

  private static func piece(_ extent: ServerLog.Extent) -> BodyPiece {
    guard extent.file.descriptor != nil else {
      return .bytes((try? extent.file.read(at: extent.offset, count: extent.length)) ?? [])
    }
    return .file(FileRange(OpenDiskFile(extent.file), offset: extent.offset, length: extent.length))
  }
}

/// The queues of the workspaces to which anything was pushed. Each holds its workspace, with the files that this keeps open.
private final class PushQueues: Sendable {
  private let queues = Mutex<[String: PushQueue]>([:])

  func queue(_ name: String, _ make: () -> PushQueue) -> PushQueue {
    queues.withLock { queues in
      if let queue = queues[name] { return queue }
      let queue = make()
      queues[name] = queue
      return queue
    }
  }

  /// Lets go of the queue of a workspace that is not served any more; what is in it is still answered.
  func drop(_ name: String) { queues.withLock { _ = $0.removeValue(forKey: name) } }
}

/// Keeps a file open while a socket sends from it.
private final class OpenDiskFile: DescriptorOwner {
  private let file: any DiskFile

  init(_ file: any DiskFile) {
    self.file = file
  }

  var descriptor: Int32 { file.descriptor ?? -1 }
}
