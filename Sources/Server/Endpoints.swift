import Causality
import Codec
import Storage
import SyncProtocol

/// What the server does with each request. Without sockets; the pushes of many requests can be put together by
/// whoever calls it.
package struct Endpoints: Sendable {
  package let data: ServerData
  let troubles: Troubles
  /// Takes a workspace of which maintenance should look at a run.
  let care: @Sendable (ServerData.Hosted) -> Void

  /// - Parameters:
  ///   - report: takes what the operator should know, in words, each thing once an hour.
  ///   - care: takes a workspace that needs maintenance.
  package init(
    _ data: ServerData, report: @escaping @Sendable (String) -> Void = { _ in },
    care: @escaping @Sendable (ServerData.Hosted) -> Void = { _ in }
  ) {
    self.data = data
    self.care = care
    troubles = Troubles(now: data.now, report)
  }

  /// What is to be done with a request.
  package enum Step: Sendable {
    case answer(ServerResponse)
    /// The push is to be processed with others of its workspace and the answer given to `response`.
    case push(ServerData.Hosted, Workspace.Push)
    /// A part of the log is to be read before the request can be answered.
    case pull(ServerData.Hosted, Workspace.Sender, SyncRequest)
  }

  /// Answers a request, or says what is to be done first. Reads no more than what was appended to the list of devices where it is
  /// a sync without a body, which runs where nobody else is served meanwhile.
  package func begin(_ request: ServerRequest) -> Step {
    do throws(Refusal) {
      return try route(request)
    } catch {
      return .answer(ServerResponse(error))
    }
  }

  /// Answers a request as a whole: for callers that need no group commit.
  package func answer(_ request: ServerRequest) -> ServerResponse {
    switch begin(request) {
    case .answer(let response): response
    case .push(let hosted, let push):
      Self.response(hosted.workspace.process([push], tell: troubles.tell)[0])
    case .pull(let hosted, let sender, let request):
      Self.response(hosted.workspace.pull(sender, request, tell: troubles.tell))
    }
  }

  private func route(_ request: ServerRequest) throws(Refusal) -> Step {
    switch (request.method, request.path.count, request.path.first) {
    case ("GET", 1, "healthz"), ("HEAD", 1, "healthz"):
      return .answer(ServerResponse(json: "{\"status\":\"ok\"}"))
    case ("POST", 2, "v1") where request.path[1] == "join": return .answer(try join(request))
    case (_, 4..., "v1") where request.path[1] == "workspaces":
      let (hosted, device) = try authorize(request.path[2], request.token)
      switch (request.method, request.path[3], request.path.count) {
      case ("POST", "sync", 4): return try sync(request, hosted, device)
      case ("GET", "sum", 4): return .answer(try sum(request, hosted))
      case ("GET", "runs", 4): return .answer(try runs(hosted))
      case ("GET", "runs", 5): return .answer(try run(request, hosted, device))
      case ("GET", "erasures", 4): return .answer(try erasures(hosted, device))
      case ("GET", "live", 4): return .answer(ServerResponse(body: .live(hosted, device)))
      case ("POST", "fork", 4): return .answer(try fork(request, hosted, device))
      default: break
      }
    default: break
    }
    throw Refusal(.notFound, "there is nothing at \(request.method) /\(request.path.joined(separator: "/"))")
  }

  /// Why the body of a request to a workspace is not taken; nil where a device sends it that may ask.
  ///
  /// Cost: where the workspace is not open its list of devices. It is not opened, because nobody else is served meanwhile.
  package func refusal(ofBodyFor workspace: String, token: String?) -> Refusal? {
    do throws(Refusal) {
      let devices = try find(workspace, token) { (name) throws(StorageError) in try data.registry(name) }
      _ = try device(token, devices, workspace)
      return nil
    } catch {
      return error
    }
  }

  private func authorize(
    _ workspace: String, _ token: String?
  ) throws(Refusal) -> (ServerData.Hosted, Device) {
    let hosted = try find(workspace, token) { (name) throws(StorageError) in try data.hosted(name) }
    return (hosted, try device(token, hosted.devices, workspace))
  }

  /// Looks for a workspace, for a caller who has some token.
  private func find<Found>(
    _ workspace: String, _ token: String?, _ look: (String) throws(StorageError) -> Found
  ) throws(Refusal) -> Found {
    // Whoever has any at all is told whether there is a workspace of that name, as a device with a mistyped address has to be.
    guard token != nil else {
      throw Refusal(.unauthorized, "the request has no token of this server")
    }
    do throws(StorageError) {
      return try look(workspace)
    } catch {
      if case .refused = error {
        throw Refusal(.notFound, "there is no workspace \"\(workspace)\" on this server")
      }
      // Whose token it is was not looked at yet, so files are told to the operator only.
      if !data.isGivenUp(workspace) { troubles.tell(error) }
      switch error {
      case .workspaceDamaged, .workspaceUnreadable:
        let state = if case .workspaceDamaged = error { "is damaged" } else { "cannot be read" }
        throw Refusal(
          .unavailable,
          "workspace \"\(workspace)\" \(state) on the server, which serves it again once its operator has repaired it"
        )
      default: throw Refusal(.failed, "the workspace cannot be opened\(Workspace.reason(error))")
      }
    }
  }

  private func device(
    _ token: String?, _ devices: DeviceRegistry, _ workspace: String
  ) throws(Refusal) -> Device {
    do throws(Refusal) {
      return try devices.device(token: token)
    } catch {
      if let failure = devices.failure { troubles.tell(failure.of(workspace: workspace)) }
      throw error
    }
  }

  /// Tells the operator what is the matter with a file of a workspace.
  func tell(_ error: StorageError, _ hosted: ServerData.Hosted) {
    troubles.tell(error.of(workspace: hosted.workspace.name))
  }

  private func join(_ request: ServerRequest) throws(Refusal) -> ServerResponse {
    let body = try? JSONText(parsing: request.body)
    guard let code = body?["code"]?.string, let replica = body?["replica"]?.string.flatMap({ ReplicaID($0) })
    else {
      throw Refusal(.malformed, "a join needs a code and a replica")
    }
    let found: ServerData.Hosted?
    do throws(StorageError) {
      found = try data.workspace(ofCode: code)
    } catch {
      // Anybody may ask this, so names of workspaces and files are told to the operator only.
      troubles.tell(error)
      switch error {
      case .workspaceDamaged, .workspaceUnreadable, .laterVersion:
        throw Refusal(
          .unavailable,
          "the code may be one of a workspace that this server cannot serve until its operator has looked after it"
        )
      default: throw Refusal(.failed, "the server's data cannot be read")
      }
    }
    guard let hosted = found else {
      throw Refusal(.unauthorized, "the code is not valid: it may be mistyped, used or expired")
    }
    let (device, token) = try hosted.devices.join(
      code: code, replica: replica, agent: body?["agent"]?.string, tell: { tell($0, hosted) })
    return ServerResponse(
      json: JSONText(object: [
        ("workspace", JSONText(hosted.workspace.name)), ("agent", JSONText(device.agent)),
        ("role", JSONText(device.role)), ("token", JSONText(token)),
      ]).text)
  }

  private func fork(
    _ request: ServerRequest, _ hosted: ServerData.Hosted, _ device: Device
  ) throws(Refusal) -> ServerResponse {
    guard let replica = (try? JSONText(parsing: request.body))?["replica"]?.string.flatMap({ ReplicaID($0) })
    else {
      throw Refusal(.malformed, "a fork needs a replica")
    }
    let (_, token) = try hosted.devices.enrol(
      agent: device.agent, role: device.role, replica: replica, from: device, tell: { tell($0, hosted) })
    return ServerResponse(json: JSONText(object: [("token", JSONText(token))]).text)
  }

  private func sync(
    _ request: ServerRequest, _ hosted: ServerData.Hosted, _ device: Device
  ) throws(Refusal) -> Step {
    let message = try SyncWire.request(request.parameters, body: request.body)
    let sender = Workspace.Sender(
      replica: device.replica, agent: device.agent, isSupervisor: device.role == Device.supervisor)
    hosted.activity.note(
      device.device,
      .init(
        seen: data.now(), position: message.after.position, unsent: message.unsent, sum: message.after.sum,
        erased: min(message.erased ?? 0, message.after.position)))
    guard message.body.isEmpty else { return .push(hosted, try Workspace.Push(sender, message)) }
    guard let answer = hosted.workspace.pullAtOnce(sender, message, tell: troubles.tell) else {
      return .pull(hosted, sender, message)
    }
    return .answer(Self.response(answer))
  }

  /// The HTTP form of a sync's outcome.
  package static func response(_ answer: Workspace.Answer) -> ServerResponse {
    switch answer {
    case .failure(let refusal): return ServerResponse(refusal)
    case .success(let answer):
      var fields = [(name: SyncWire.headField, value: SyncWire.head(answer.head))]
      if let acknowledgement = answer.acknowledgement {
        fields.append((SyncWire.acknowledgementField, SyncWire.acknowledgement(acknowledgement)))
      }
      if answer.body.isEmpty { return ServerResponse(status: 204, fields: fields, body: .bytes([])) }
      fields.append(("Content-Type", "application/gzip"))
      return ServerResponse(fields: fields, body: .extents(answer.body))
    }
  }

  private func sum(_ request: ServerRequest, _ hosted: ServerData.Hosted) throws(Refusal) -> ServerResponse {
    guard let position = request.parameters["at"].flatMap({ UInt64($0) }) else {
      throw Refusal(.malformed, "a sum needs the query parameter at, a position")
    }
    let sum: UInt32?
    do throws(StorageError) {
      sum = try hosted.workspace.log.sum(at: position)
    } catch {
      tell(error, hosted)
      throw Refusal(.failed, Workspace.unreadable)
    }
    guard let sum else {
      return ServerResponse(json: "{\"error\":\"gap\",\"message\":\"no block ends there\"}", status: 404)
    }
    return ServerResponse(json: "{\"position\":\(position),\"sum\":\"\(Checksum.hex(sum))\"}")
  }

  private func runs(_ hosted: ServerData.Hosted) throws(Refusal) -> ServerResponse {
    let disk = hosted.workspace.disk
    let end = hosted.workspace.head.position
    do throws(DiskError) {
      var entries: [JSONText] = []
      for name in RunName.chain(RunName.parse(try disk.list(RunName.folder))) where name.last <= end {
        let size = try disk.open(name.path, .read).size()
        entries.append(JSONText(object: [("name", JSONText("\(name)")), ("bytes", JSONText(size))]))
      }
      return ServerResponse(json: JSONText(object: [("runs", JSONText(array: entries))]).text)
    } catch {
      // One that is gone was merged meanwhile, and the next list is without it.
      if !error.isMissing { tell(StorageError(error), hosted) }
      throw Refusal(
        .unavailable, error.isMissing ? "the runs are being merged" : "the server cannot list its runs")
    }
  }

  private func run(
    _ request: ServerRequest, _ hosted: ServerData.Hosted, _ device: Device
  ) throws(Refusal) -> ServerResponse {
    let missing = Refusal(
      .notFound, "there is no run \(request.path[4]); it may have been merged: ask for the list again")
    guard let name = RunName(request.path[4]) else { throw missing }
    let file: any DiskFile
    let size: Int
    do throws(DiskError) {
      file = try hosted.workspace.disk.open(name.path, .read)
      size = try file.size()
    } catch {
      if error.isMissing { throw missing }
      tell(StorageError(error), hosted)
      throw Refusal(.unavailable, "the server cannot read run \(name)")
    }
    if request.range?.first ?? 0 == 0,
      hosted.workspace.suspects.fetched(name, by: device.device, at: data.now())
    {
      care(hosted)
    }
    guard let range = request.range else {
      return ServerResponse(
        fields: [("Content-Type", "application/gzip"), ("Accept-Ranges", "bytes")],
        body: .extents([.init(file: file, offset: 0, length: size)]))
    }
    guard range.first < size, range.last ?? size >= range.first else {
      return ServerResponse(status: 416, fields: [("Content-Range", "bytes */\(size)")], body: .bytes([]))
    }
    let last = min(range.last ?? size - 1, size - 1)
    return ServerResponse(
      status: 206,
      fields: [
        ("Content-Type", "application/gzip"), ("Content-Range", "bytes \(range.first)-\(last)/\(size)"),
      ],
      body: .extents([.init(file: file, offset: range.first, length: last - range.first + 1)]))
  }
}
