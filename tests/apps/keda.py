"""Asks an external scaler as KEDA does: a client that grpcio makes of the protocol's own .proto.

keda.py PROTO ADDRESS METHOD [FILE of the authority, certificate, key] with a ScaledObjectRef in JSON on stdin, or a
GetMetricsRequest for GetMetrics. On stdout each answer as a line of JSON: {"result": …}, or {"code": …, "words": …} where there
is none. A method that streams goes on until it is ended.
"""

import json
import os
import sys

import grpc
from google.protobuf import json_format
from grpc_health.v1 import health_pb2, health_pb2_grpc

PATIENCE = 30

proto, address, method, *files = sys.argv[1:]
sys.path.insert(0, os.path.dirname(proto))
messages, services = grpc.protos_and_services(os.path.basename(proto))


def content(path):
    with open(path, "rb") as file:
        return file.read()


def channel():
    if not files:
        return grpc.insecure_channel(address)
    authority, *own = map(content, files)
    certificate, key = own or (None, None)
    credentials = grpc.ssl_channel_credentials(authority, key, certificate)
    return grpc.secure_channel(address, credentials)


def told(answer):
    fields = {"always_print_fields_with_no_presence": True}
    print(json.dumps({"result": json_format.MessageToDict(answer, **fields)}), flush=True)


with channel() as open_channel:
    scaler = services.ExternalScalerStub(open_channel)
    try:
        if method == "Health":
            asked = health_pb2.HealthCheckRequest(service=sys.stdin.read())
            told(health_pb2_grpc.HealthStub(open_channel).Check(asked, timeout=PATIENCE))
        elif method.startswith("Stream"):
            asked = json_format.Parse(sys.stdin.read(), messages.ScaledObjectRef())
            for answer in getattr(scaler, method)(asked):
                told(answer)
        else:
            kind = messages.GetMetricsRequest if method == "GetMetrics" else messages.ScaledObjectRef
            asked = json_format.Parse(sys.stdin.read(), kind())
            told(getattr(scaler, method)(asked, timeout=PATIENCE))
    except grpc.RpcError as error:
        print(json.dumps({"code": error.code().name, "words": error.details()}), flush=True)
