"""llama.cpp's own server, out of a Python package, on a free port of this machine until its standard input ends.

Prints the address once the model is loaded.
"""

import sys

import xllamacpp

SLOTS, CONTEXT = 2, 4096

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[2])
params.n_parallel = SLOTS
params.n_ctx = SLOTS * CONTEXT
# Threads that wait must not spin: the machine is shared.
params.cpuparams.n_threads = int(sys.argv[3])
params.cpuparams_batch.n_threads = int(sys.argv[3])
params.cpuparams.poll = 0
params.cpuparams_batch.poll = 0

server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
