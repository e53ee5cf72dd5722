"""PyTorch's side of nn.{lstm,gru,cnn}_step (30 times x 8 inputs, batch 64, squared error, Adam; microseconds a step), of their forecasts
of one row, and of those of a 23-64-32-1 network (one row in microseconds, 10,000 rows in rows a second)."""
import time

from peer import NAME, THREADS, need, serve

torch = need("torch", "python3-torch")
torch.set_num_threads(THREADS)
torch.manual_seed(1)
KIND, WORK = NAME.split(".")[1].split("_")[:2]
TIME, INPUTS, BATCH, BATCHES, STEPS = 30, 8, 64, 20, 50


class Recurrent(torch.nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.cell = cell(INPUTS, 64, batch_first=True)
        self.head = torch.nn.Linear(64, 1)

    def forward(self, x):
        return self.head(self.cell(x)[0][:, -1])


class Convolutional(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv1d(INPUTS, 32, 3)
        self.second = torch.nn.Conv1d(32, 32, 3)
        self.head = torch.nn.Linear(32, 1)

    def forward(self, x):
        pad = torch.nn.functional.pad
        x = torch.relu(self.first(pad(x.transpose(1, 2), (2, 0))))
        return self.head(torch.relu(self.second(pad(x, (2, 0)))).mean(2))


def network():
    if KIND == "mlp":
        layers = torch.nn
        return layers.Sequential(layers.Linear(23, 64), layers.ReLU(), layers.Linear(64, 32), layers.ReLU(), layers.Linear(32, 1))
    return {"lstm": lambda: Recurrent(torch.nn.LSTM), "gru": lambda: Recurrent(torch.nn.GRU), "cnn": Convolutional}[KIND]()


x = torch.randn(10000, 23) if KIND == "mlp" else torch.randn(BATCH * BATCHES, TIME, INPUTS)


def steps():
    model = network()
    optimizer = torch.optim.Adam(model.parameters())
    criterion = torch.nn.MSELoss()
    batches = [(x[i : i + BATCH], x[i : i + BATCH, -1, -1]) for i in range(0, len(x), BATCH)]
    start = time.perf_counter()
    for step in range(STEPS):
        inputs, values = batches[step % BATCHES]
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(inputs).squeeze(1), values)
        loss.backward()
        optimizer.step()
    seconds = time.perf_counter() - start
    if not loss.item() < 10:
        raise ValueError("the fit did not learn")
    return seconds * 1e6 / STEPS


model = network().eval()


def forecasts():
    rows = x if WORK == "batch" else x[:1]
    calls = 20 if WORK == "batch" else 300
    with torch.inference_mode():
        start = time.perf_counter()
        for _ in range(calls):
            model(rows)
        seconds = time.perf_counter() - start
    return calls * len(rows) / seconds if WORK == "batch" else seconds * 1e6 / calls


serve("PyTorch " + torch.__version__, steps if WORK == "step" else forecasts)
