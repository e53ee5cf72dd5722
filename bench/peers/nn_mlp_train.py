"""PyTorch's side of nn.mlp_train: 30,000 x 23 float32, 23-64-32-1, batch 32, binary cross-entropy, Adam, 10 epochs in new orders; seconds."""

import time

from peer import THREADS, need, serve

torch = need("torch", "python3-torch")
torch.set_num_threads(THREADS)
torch.manual_seed(1)
ROWS, BATCH, EPOCHS = 30_000, 32, 10
x = torch.rand(ROWS, 23) * 4 - 2
y = ((x[:, 0] + x[:, 1] * x[:, 2]) > 0).float()


def run():
    layers = torch.nn
    model = layers.Sequential(layers.Linear(23, 64), layers.ReLU(), layers.Linear(64, 32), layers.ReLU(), layers.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters())
    criterion = layers.BCEWithLogitsLoss()
    start = time.perf_counter()
    for _ in range(EPOCHS):
        for rows in torch.randperm(ROWS).split(BATCH):
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(x[rows]).squeeze(1), y[rows])
            loss.backward()
            optimizer.step()
    seconds = time.perf_counter() - start
    with torch.no_grad():
        if not criterion(model(x).squeeze(1), y).item() < 0.3:
            raise ValueError("the fit did not learn")
    return seconds


serve("PyTorch " + torch.__version__, run)
