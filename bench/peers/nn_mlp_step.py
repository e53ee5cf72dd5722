"""PyTorch's side of nn.mlp_step: 23-64-32-1, batch 32, binary cross-entropy, Adam; microseconds a step."""
import time

from peer import THREADS, need, serve

torch = need("torch", "python3-torch")
torch.set_num_threads(THREADS)
torch.manual_seed(1)
STEPS, BATCH = 937, 32
x = torch.randn(STEPS * BATCH, 23)
y = ((x[:, 0] + x[:, 1] * x[:, 2]) > 0).float()
batches = [(x[i : i + BATCH], y[i : i + BATCH]) for i in range(0, len(x), BATCH)]


def run():
    layers = torch.nn
    model = layers.Sequential(layers.Linear(23, 64), layers.ReLU(), layers.Linear(64, 32), layers.ReLU(), layers.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters())
    criterion = layers.BCEWithLogitsLoss()
    start = time.perf_counter()
    for inputs, labels in batches:
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(inputs).squeeze(1), labels)
        loss.backward()
        optimizer.step()
    seconds = time.perf_counter() - start
    if not loss.item() < 0.69:
        raise ValueError("the fit did not learn")
    return seconds * 1e6 / STEPS


serve("PyTorch " + torch.__version__, run)
