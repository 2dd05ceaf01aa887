import Agent
import NetworkProcess

NetworkServer.main { address throws(TransportError) in try URLTransport(address) }
