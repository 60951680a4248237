"""Packages that only some of tenfold needs, and how to install each."""

from collections.abc import Iterator
from contextlib import contextmanager

from tenfold.base.errors import TenfoldError

# What to hand to pip, by the module that is missing; reading pictures with tenfold's own networks takes none of them.
INSTALL = {
    **dict.fromkeys(
        ("filelock", "jinja2", "joblib", "matplotlib", "platformdirs", "safetensors", "scipy", "tomli_w", "torch"),
        "'tenfold[train]'",
    ),
    **dict.fromkeys(("sklearn", "skops"), "'tenfold[classical]'"),
    **dict.fromkeys(("h5py", "keras"), "'tenfold[keras]'"),
    # has no wheels for other machines, nor for Python 3.14
    **dict.fromkeys(("ai_edge_quantizer", "litert_torch"), "'tenfold[litert]' (Linux on x86-64, macOS on ARM)"),
    **dict.fromkeys(("onnx", "onnxruntime", "onnxscript"), "'tenfold[onnx]'"),
    **dict.fromkeys(("anyio", "fastapi", "fastapi_offline", "uvicorn"), "'tenfold[serve]'"),
    "ai_edge_litert": "ai-edge-litert",  # has no wheel for some machines
    **dict.fromkeys(("captum", "cleanlab"), "'tenfold[interpret]'"),
    "huggingface_hub": "'tenfold[hub]'",
    "mlflow": "'tenfold[mlflow]'",
    "optuna": "'tenfold[search]'",
    "pandas": "pandas",
    "pyarrow": "'tenfold[parquet]'",
    "ray": "'tenfold[ray]'",
    "tensorboard": "'tenfold[tensorboard]'",
    "wandb": "'tenfold[wandb]'",
}
# Of packages that are not called like their module
NAMES = {
    "captum": "Captum",
    "fastapi": "FastAPI",
    "mlflow": "MLflow",
    "optuna": "Optuna",
    "sklearn": "scikit-learn",
    "torch": "PyTorch",
}


@contextmanager
def needed_by(what: object) -> Iterator[None]:
    """Import packages within it: for one that is missing, the error says how to install it.

    Args:
        what: what cannot do without them, a thing or a path, for the error message.

    Raises:
        TenfoldError: if one of the packages in `INSTALL` is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in INSTALL:
            raise
        raise TenfoldError(f"{what} needs {NAMES.get(module, module)}; pip install {INSTALL[module]}") from None
